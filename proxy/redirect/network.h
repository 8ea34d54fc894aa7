// An IPv4 or IPv6 network, as `--exclude-cidrs` names them. A value; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad::redirect {

enum class Family { kIpv4, kIpv6 };

class Network {
 public:
  // "10.0.0.0/8", "fd00::/8"; an address alone is a network of one. Bits behind the prefix are
  // dropped.
  static Result<Network> parse(std::string_view text);

  Family family() const { return family_; }
  unsigned prefix() const { return prefix_; }
  // Of all addresses of its family.
  bool is_everything() const { return prefix_ == 0; }
  bool is_single() const { return prefix_ == bits(); }
  bool contains(const Network& other) const;
  // "10.0.0.0"
  std::string address() const;
  // "10.0.0.0/8", always with the prefix
  std::string to_string() const { return address() + "/" + std::to_string(prefix_); }

  auto operator<=>(const Network&) const = default;

 private:
  unsigned bits() const { return family_ == Family::kIpv4 ? 32 : 128; }
  void keep_bits(unsigned count);

  Family family_ = Family::kIpv4;
  std::array<uint8_t, 16> bytes_{};  // the first four for IPv4
  unsigned prefix_ = 0;
};

}  // namespace woad::redirect
