// How long a body is: the rules of RFC 9112 section 6.3, and the ways to smuggle around them.
//
// Stricter than the RFC where it leaves room: a message with both Content-Length and
// Transfer-Encoding, or with a coding other than chunked, is refused and never repaired. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/message.h"

namespace woad::h1 {

// The framing fields as they stood in a head.
struct FramingFields {
  std::string_view content_length;
  std::string_view transfer_encoding;
  uint8_t content_lengths = 0;  // how often the field came, at most 2 counted
  uint8_t transfer_encodings = 0;
};

struct BodyLength {
  enum class Kind : uint8_t {
    kNone,
    kFixed,  // `length` bytes, more than none
    kChunked,
    kUntilEof,  // responses alone
    kBad,       // `status` and `why` say what is wrong
  };
  Kind kind = Kind::kNone;
  bool declared = false;  // a Content-Length came: `length` is its value, zero included
  uint64_t length = 0;
  int status = 0;
  std::string_view why{};
};

BodyLength request_body(const FramingFields& fields, uint8_t minor);

// A body is declared that has bytes, or may have.
inline bool declares_content(const FramingFields& fields) {
  return fields.transfer_encodings > 0 ||
         (fields.content_lengths > 0 && fields.content_length != "0");
}

// `to_head`: the request was HEAD.
BodyLength response_body(const FramingFields& fields, uint8_t minor, int status, bool to_head);

// RFC 9110 sections 6.4.1, 15.2, 15.3.5, 15.4.5: responses that never have a body.
inline bool status_has_no_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace woad::h1
