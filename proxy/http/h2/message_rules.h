// What RFC 9113 section 8 asks of the message that comes in on one stream.
//
// A message that breaks one of these is malformed (section 8.1.1) and its stream is reset; nobody
// is shown more of it. nghttp2 would look at every field a second time for the same, so its own
// look is off (no_http_messaging), and nothing but this stands between a peer's fields and the
// codecs: whatever passes here is a well-formed message whose body is as long as it said.
//
//   head ──▶ rest (body, then trailers that end the stream)
//     └▶ final ──▶┘       (final: an interim response came, the final one is owed)
//
// Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/headers.h"
#include "proxy/http/message.h"

namespace woad {

// Section 8.3. kUnknown: begins as one of them does.
enum class Pseudo : uint8_t { kNone, kMethod, kScheme, kAuthority, kPath, kStatus, kUnknown };
Pseudo pseudo_of(std::string_view name);

// A field as nghttp2 decoded it. What stands in HPACK's static table (RFC 7541 appendix A) is made
// of the right bytes.
struct H2Field {
  std::string_view name;
  std::string_view value;
  HeaderId id;
  Pseudo pseudo;
  bool static_name;
  bool static_value;
};

class MessageRules {
 public:
  // kDrop: no fault of the message, but not of use for it.
  enum class Verdict : uint8_t { kKeep, kDrop, kMalformed };

  // A request comes in, unless this is called before its first field.
  void expect_response(Method asked);

  Verdict take_field(const H2Field& field);
  // The field section is complete; false: the message is malformed. So with the next two.
  bool end_section(bool end_stream);
  // Content, without padding.
  bool take_data(size_t bytes);
  // The stream has ended with a DATA frame.
  bool may_end() const;

 private:
  enum class Next : uint8_t { kHead, kFinal, kRest };
  enum Seen : uint8_t {
    kMethod = 1,
    kScheme = 2,
    kPath = 4,
    kAuthority = 8,
    kHost = 16,
    kStatus = 32
  };

  bool take_request_pseudo(Pseudo name, std::string_view value);
  bool take_status(std::string_view value);
  Verdict take_length(std::string_view value);
  bool end_request_head();
  bool end_response_head();
  bool first(Seen field);
  bool has(int fields) const { return (seen_ & fields) == fields; }

  std::optional<uint64_t> length_;  // of the body, as far as it is known
  uint64_t received_ = 0;
  int16_t status_ = 0;
  Method method_ = Method::kOther;  // of the request that comes in, or that was asked
  Next next_ = Next::kHead;
  uint8_t seen_ = 0;
  bool is_response_ = false;
  bool regular_ = false;      // a field that is no pseudo field came
  bool web_scheme_ = false;   // http or https, whose paths have a form (section 8.3.1)
  bool rooted_path_ = false;  // begins with a slash
  bool asterisk_path_ = false;
};

}  // namespace woad
