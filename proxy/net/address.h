// An IPv4 or IPv6 address with a port. A value; any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad {

class Address {
 public:
  Address() = default;
  // Of an IPv4 or IPv6 socket; any other family is not valid(). An IPv4 peer of an IPv6 socket
  // (RFC 4291 section 2.5.5.2) is an IPv4 address.
  explicit Address(const sockaddr* raw);
  explicit Address(const sockaddr_storage& raw)
      : Address(reinterpret_cast<const sockaddr*>(&raw)) {}

  // "127.0.0.1:80" or "[::1]:80". Numbers only; names are the resolver's.
  static Result<Address> parse(std::string_view text);
  // Numeric host without brackets.
  static Result<Address> from_host(std::string_view host, uint16_t port);

  bool valid() const { return raw_.sin6_family != 0; }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&raw_); }
  socklen_t raw_size() const;
  uint16_t port() const { return ntohs(raw_.sin6_port); }
  // The same host with another port. Requires valid().
  Address with_port(uint16_t port) const;
  bool is_loopback() const;
  // 0.0.0.0 or "::": every address of a host, which nobody else can reach it by.
  bool is_any() const;
  // "127.0.0.1:80", "[::1]:80"; "" when not valid.
  std::string to_string() const;
  // The address without the port.
  std::string host() const;

  bool operator==(const Address& other) const;
  size_t hash() const;

 private:
  // The bytes of sin_addr or sin6_addr.
  std::string_view ip() const;

  sockaddr_in6 raw_{};  // room for either, with the port in one place; its family says which
};

}  // namespace woad

template <>
struct std::hash<woad::Address> {
  size_t operator()(const woad::Address& address) const { return address.hash(); }
};
