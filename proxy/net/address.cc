#include "proxy/net/address.h"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>

#include "proxy/base/strings.h"

namespace woad {
namespace {

// The sockaddr is copied out and in, so no pointer is cast to a type the storage does not have.
sockaddr_in v4_of(const sockaddr* raw) {
  sockaddr_in v4;
  std::memcpy(&v4, raw, sizeof v4);
  return v4;
}

sockaddr_in6 v6_of(const sockaddr* raw) {
  sockaddr_in6 v6;
  std::memcpy(&v6, raw, sizeof v6);
  return v6;
}

}  // namespace

Address::Address(const sockaddr_storage& raw) {
  if (raw.ss_family == AF_INET) std::memcpy(&raw_, &raw, sizeof(sockaddr_in));
  if (raw.ss_family == AF_INET6) std::memcpy(&raw_, &raw, sizeof(sockaddr_in6));
}

Result<Address> Address::parse(std::string_view text) {
  const Error bad{"'" + std::string(text) + "' is no address; write 127.0.0.1:80 or [::1]:80"};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad;
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (brackets != (host.find(':') != std::string_view::npos)) return bad;
  const std::string_view digits = text.substr(colon + 1);
  const auto port = parse_decimal(digits);
  if (!port || *port > 65535 || digits.size() > 5) return bad;
  Result<Address> address = from_host(host, static_cast<uint16_t>(*port));
  if (!address) return bad;
  return address;
}

Result<Address> Address::from_host(std::string_view host, uint16_t port) {
  sockaddr_storage raw{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const std::string text(host);
  if (text.size() == std::strlen(text.c_str())) {
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      std::memcpy(&raw, &v4, sizeof v4);
      return Address(raw);
    }
    if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::memcpy(&raw, &v6, sizeof v6);
      return Address(raw);
    }
  }
  return Error{"'" + text + "' is no numeric IPv4 or IPv6 address"};
}

socklen_t Address::raw_size() const {
  if (raw_.sin6_family == AF_INET) return sizeof(sockaddr_in);
  if (raw_.sin6_family == AF_INET6) return sizeof(sockaddr_in6);
  return 0;
}

uint16_t Address::port() const {
  if (raw_.sin6_family == AF_INET) return ntohs(v4_of(raw()).sin_port);
  if (raw_.sin6_family == AF_INET6) return ntohs(v6_of(raw()).sin6_port);
  return 0;
}

Address Address::with_port(uint16_t port) const {
  Address other = *this;
  if (raw_.sin6_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&other.raw_)->sin_port = htons(port);
  } else {
    other.raw_.sin6_port = htons(port);
  }
  return other;
}

bool Address::is_loopback() const {
  if (raw_.sin6_family == AF_INET) return ntohl(v4_of(raw()).sin_addr.s_addr) >> 24 == 127;
  if (raw_.sin6_family != AF_INET6) return false;
  const in6_addr ip = v6_of(raw()).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&ip) || (IN6_IS_ADDR_V4MAPPED(&ip) && ip.s6_addr[12] == 127);
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (raw_.sin6_family == AF_INET) {
    // inet_ntop() takes 1,700 instructions for it, and each line of the access log has an address.
    const auto bytes = std::bit_cast<std::array<uint8_t, 4>>(v4_of(raw()).sin_addr);
    char* at = text;
    for (const uint8_t byte : bytes) {
      if (at != text) *at++ = '.';
      at = std::to_chars(at, std::end(text), byte).ptr;
    }
  } else if (raw_.sin6_family == AF_INET6) {
    const sockaddr_in6 v6 = v6_of(raw());
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

std::string Address::to_string() const {
  if (!valid()) return {};
  const std::string port_text = std::to_string(port());
  if (raw_.sin6_family == AF_INET6) return "[" + host() + "]:" + port_text;
  return host() + ":" + port_text;
}

bool Address::operator==(const Address& other) const {
  if (raw_.sin6_family != other.raw_.sin6_family || port() != other.port()) return false;
  if (raw_.sin6_family == AF_INET) {
    return v4_of(raw()).sin_addr.s_addr == v4_of(other.raw()).sin_addr.s_addr;
  }
  if (raw_.sin6_family == AF_INET6) {
    const sockaddr_in6 mine = v6_of(raw());
    const sockaddr_in6 theirs = v6_of(other.raw());
    return std::memcmp(&mine.sin6_addr, &theirs.sin6_addr, sizeof mine.sin6_addr) == 0 &&
           mine.sin6_scope_id == theirs.sin6_scope_id;
  }
  return true;
}

size_t Address::hash() const {
  const auto of = [this](const auto& ip) {
    const std::string_view bytes(reinterpret_cast<const char*>(&ip), sizeof ip);
    return std::hash<std::string_view>()(bytes) * 31 + port();
  };
  return raw_.sin6_family == AF_INET ? of(v4_of(raw()).sin_addr) : of(raw_.sin6_addr);
}

}  // namespace woad
