// From heads to the field lists that nghttp2 takes. Pure; one thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <string_view>

#include "proxy/http/message.h"

namespace woad {

// A field list under construction, on the stack unless it is long. nghttp2 copies (and lower-cases)
// what it is given at submission, so the views need to live no longer than this object.
class H2Fields {
 public:
  // Room for the fields of `headers` and the pseudo fields and members of a head. A list longer
  // than usual is placed in the arena of `headers`.
  explicit H2Fields(const Headers& headers);

  H2Fields(const H2Fields&) = delete;
  H2Fields& operator=(const H2Fields&) = delete;

  // `name` is a literal in lower case, used in place.
  void add_known(std::string_view name, std::string_view value);
  void add_length(uint64_t content_length);
  // Every field but those that belong to one connection (RFC 9113 section 8.2.2) or became members.
  void add_all(const Headers& headers);

  const nghttp2_nv* data() const { return fields_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kInPlace = 48;
  static constexpr size_t kMembers = 8;

  nghttp2_nv* fields_;
  size_t size_ = 0;
  char digits_[20];
  nghttp2_nv in_place_[kInPlace];
};

// Adds the fields of `head`, which outlives `out`.
void add_request(const RequestHead& head, H2Fields& out);
// `digits` (3 bytes) outlives `out`.
void add_response(const ResponseHead& head, char* digits, H2Fields& out);

// Several Cookie fields become one (RFC 9113 section 8.2.3), at the place of the first.
void join_cookies(Headers& headers);

}  // namespace woad
