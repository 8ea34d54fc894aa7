#include "proxy/redirect/network.h"

#include <arpa/inet.h>

#include <optional>

#include "proxy/base/strings.h"

namespace woad::redirect {

Result<Network> Network::parse(std::string_view text) {
  const Error bad{"'" + std::string(text) + "' is no network; write 10.0.0.0/8 or fd00::/8"};
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.find('\0') != std::string::npos) return bad;
  Network network;
  if (inet_pton(AF_INET6, address.c_str(), network.bytes_.data()) == 1) {
    network.family_ = Family::kIpv6;
  } else if (inet_pton(AF_INET, address.c_str(), network.bytes_.data()) != 1) {
    return bad;
  }
  std::optional<uint64_t> prefix = network.bits();
  if (slash != std::string_view::npos) prefix = parse_decimal(text.substr(slash + 1));
  if (!prefix || *prefix > network.bits()) return bad;
  network.keep_bits(static_cast<unsigned>(*prefix));
  return network;
}

bool Network::contains(const Network& other) const {
  if (family_ != other.family_ || prefix_ > other.prefix_) return false;
  Network cut = other;
  cut.keep_bits(prefix_);
  return cut == *this;
}

std::string Network::address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family_ == Family::kIpv4 ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

void Network::keep_bits(unsigned count) {
  prefix_ = count;
  for (size_t i = 0; i < bytes_.size(); ++i) {
    const size_t kept = count > i * 8 ? std::min<size_t>(count - i * 8, 8) : 0;
    bytes_[i] = static_cast<uint8_t>(bytes_[i] & (0xff00U >> kept));
  }
}

}  // namespace woad::redirect
