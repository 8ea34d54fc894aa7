#include "proxy/net/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "proxy/base/strings.h"

namespace woad {

static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));

Address::Address(const sockaddr* raw) {
  if (raw->sa_family == AF_INET) std::memcpy(&raw_, raw, sizeof(sockaddr_in));
  if (raw->sa_family != AF_INET6) return;
  std::memcpy(&raw_, raw, sizeof(sockaddr_in6));
  if (!IN6_IS_ADDR_V4MAPPED(&raw_.sin6_addr)) return;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = raw_.sin6_port;
  std::memcpy(&v4.sin_addr, &raw_.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
  raw_ = {};
  std::memcpy(&raw_, &v4, sizeof v4);
}

std::string_view Address::ip() const {
  const char* const raw = reinterpret_cast<const char*>(&raw_);
  if (raw_.sin6_family == AF_INET) {
    return {raw + offsetof(sockaddr_in, sin_addr), sizeof(in_addr)};
  }
  return {raw + offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr)};
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
  const std::string text(host);
  const bool whole = text.find('\0') == std::string::npos;
  for (const int family : {AF_INET, AF_INET6}) {
    Address address;
    address.raw_.sin6_family = static_cast<sa_family_t>(family);
    address.raw_.sin6_port = htons(port);
    void* const ip = const_cast<char*>(address.ip().data());
    if (whole && inet_pton(family, text.c_str(), ip) == 1) return address;
  }
  return Error{"'" + text + "' is no numeric IPv4 or IPv6 address"};
}

socklen_t Address::raw_size() const {
  if (raw_.sin6_family == AF_INET) return sizeof(sockaddr_in);
  if (raw_.sin6_family == AF_INET6) return sizeof(sockaddr_in6);
  return 0;
}

Address Address::with_port(uint16_t port) const {
  Address other = *this;
  other.raw_.sin6_port = htons(port);
  return other;
}

bool Address::is_loopback() const {
  if (raw_.sin6_family == AF_INET) return ip().front() == 127;
  const in6_addr& v6 = raw_.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool Address::is_any() const {
  const in6_addr& v6 = raw_.sin6_addr;
  return ip().ends_with(std::string_view("\0\0\0\0", 4)) &&
         (raw_.sin6_family == AF_INET || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_V4MAPPED(&v6));
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (raw_.sin6_family == AF_INET) {
    // inet_ntop() takes 1,700 instructions for it, and each line of the access log has an address.
    char* at = text;
    for (const char byte : ip()) {
      if (at != text) *at++ = '.';
      at = std::to_chars(at, std::end(text), static_cast<uint8_t>(byte)).ptr;
    }
  } else if (raw_.sin6_family == AF_INET6) {
    inet_ntop(AF_INET6, &raw_.sin6_addr, text, sizeof text);
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
  return raw_.sin6_family == other.raw_.sin6_family && port() == other.port() &&
         ip() == other.ip() && raw_.sin6_scope_id == other.raw_.sin6_scope_id;
}

size_t Address::hash() const { return std::hash<std::string_view>()(ip()) * 31 + port(); }

}  // namespace woad
