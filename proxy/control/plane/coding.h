// How a file goes over the wire (RFC 9110 section 8.4, RFC 9842). Pure.
#pragma once

#include <string>

#include "proxy/control/plane/file.h"
#include "proxy/http/headers.h"

namespace woad::control {

// What a request takes.
struct Acceptance {
  bool zstd = false;
  bool dcz = false;
  std::string dictionary{};  // SHA-256 of the file that it has, 64 hexadecimal digits; "": none
};
Acceptance read_acceptance(const Headers& headers);

// One way to send a file.
struct Coding {
  enum class Kind : uint8_t { kPlain, kZstd, kDcz };

  Kind kind = Kind::kPlain;
  std::string dictionary{};  // of kDcz

  auto operator<=>(const Coding&) const = default;
};
// The content coding; "" for kPlain.
std::string_view to_string(Coding::Kind kind);

// `dictionary`: of kDcz, else not looked at. Takes some milliseconds.
std::string encode(const File& file, Coding::Kind kind, const FilePtr& dictionary);

}  // namespace woad::control
