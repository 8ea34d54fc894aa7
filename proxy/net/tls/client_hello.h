// The server name in a TLS client's first bytes: where to relay a connection that is not ours to
// decrypt. Pure.
#pragma once

#include <string>
#include <string_view>

namespace woad {

struct ClientHello {
  enum class Kind : uint8_t {
    kNeedMore,
    kRead,       // `server_name` is what it asks for; "" when it names nobody
    kMalformed,  // a handshake record, yet no ClientHello, or one over kLongest
  };
  // Those of browsers and libraries are below 2 KiB, with keys that withstand quantum computers.
  static constexpr size_t kLongest = size_t{16} * 1024;

  Kind kind = Kind::kNeedMore;
  std::string server_name{};  // at most 255 letters, digits and -._
};

// `first` are all bytes so far, from the very first one (RFC 8446 sections 4.1.2 and 5.1, RFC 6066
// section 3). The message may lie in any number of records.
ClientHello read_client_hello(std::string_view first);

}  // namespace woad
