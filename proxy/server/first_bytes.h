// What is spoken on a client's connection, by its first bytes. Pure.
#pragma once

#include <string>
#include <string_view>

namespace woad {

struct FirstBytes {
  // kOpaque: no HTTP.
  enum class Kind : uint8_t { kNeedMore, kHttp1, kHttp2, kOpaque };
  Kind kind = Kind::kNeedMore;
  bool tls = false;  // kOpaque: it is TLS, and asks for `server_name` ("": for nobody)
  std::string server_name{};
};

// `first` are all bytes so far, from the very first one. `any`: any protocol may come, else text
// that is no HTTP is taken for bad HTTP, which is told so.
FirstBytes judge_first_bytes(std::string_view first, bool any);

}  // namespace woad
