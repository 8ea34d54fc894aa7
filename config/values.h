// The small value types of the file: how they are written, read and shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/node.h"
#include "proxy/base/result.h"
#include "proxy/base/time.h"

namespace woad::config {

// Bytes: 64KiB, 1MiB, 1GiB.
struct ByteSize {
  uint64_t bytes = 0;
  bool operator==(const ByteSize&) const = default;
};
constexpr ByteSize kib(uint64_t count) { return {count * 1024}; }
constexpr ByteSize mib(uint64_t count) { return {count * 1024 * 1024}; }

// A part of the whole, 0 to 1: 20% or 0.2.
struct Share {
  double value = 0;
  bool operator==(const Share&) const = default;
};

// host:port, [v6]:port. `host` is without brackets; a name's final dot stays: it is absolute then.
struct HostPort {
  std::string host;
  uint16_t port = 0;
  bool numeric = false;  // `host` is an IP address

  // As written: "127.0.0.1:80", "[::1]:80", "name:80"; "" when not set.
  std::string to_string() const;
  bool operator==(const HostPort&) const = default;
};

// Where the app of a pod listens: an address, or a part of one; a redirected connection tells the
// rest (`redirect: true`).
struct AppAddress {
  HostPort at;  // host "": the address that was called; port 0: the port that was called
  // `original`: both as they were called.
  bool original() const { return at.host.empty(); }
  // As in the file.
  std::string to_string() const;
  bool operator==(const AppAddress&) const = default;
};

// A value that remembers where it stands, for errors that are found later. Equal by value alone.
template <class T>
struct Located {
  T value{};
  Node node;

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  bool operator==(const Located& other) const { return value == other.value; }

  // No text that was written: the value stands for one that is of no use (Node::is_broken), also
  // once its node is nowhere.
  bool unknown() const { return value == T{} && !node.is_scalar(); }
};

// Each error says what is wrong and how it is written right.
Result<Duration> parse_duration(std::string_view text);  // 250ms, 5s, 1m, 1h
Result<ByteSize> parse_size(std::string_view text);
Result<Share> parse_share(std::string_view text);
// What to write in the place of `text`, which is not a share.
std::string share_hint(std::string_view text);
Result<HostPort> parse_host_port(std::string_view text);
Result<AppAddress> parse_app_address(std::string_view text);  // a HostPort, a host, or original
Result<bool> parse_bool(std::string_view text);
Result<uint64_t> parse_integer(std::string_view text, uint64_t least, uint64_t most);

std::string show(Duration value);  // the largest unit that is exact
std::string show(ByteSize value);
std::string show(Share value);

// `token` of RFC 9110 section 5.6.2.
bool is_token(std::string_view text);

}  // namespace woad::config
