#include "proxy/http/h1/framing.h"

#include <optional>

#include "proxy/base/strings.h"

namespace woad::h1 {
namespace {

BodyLength bad(int status, std::string_view why) {
  return {.kind = BodyLength::Kind::kBad, .status = status, .why = why};
}

// True for a list of codings in which chunked comes twice, or not last: no way to frame a message
// (RFC 9112 section 6.1), not just a coding that is not known here.
bool hides_chunked(std::string_view list) {
  int chunked = 0;
  bool last = false;
  for_each_list_item(list, [&](std::string_view coding) {
    last = equals_ignore_case(coding, "chunked");
    if (last) ++chunked;
    return true;
  });
  return chunked > 1 || (chunked == 1 && !last);
}

}  // namespace

BodyLength request_body(const FramingFields& fields, uint8_t minor) {
  if (fields.transfer_encodings > 0) {
    if (fields.content_lengths > 0) {
      return bad(400, "both Content-Length and Transfer-Encoding are given");
    }
    if (minor == 0) return bad(400, "Transfer-Encoding is not part of HTTP/1.0");
    if (fields.transfer_encodings > 1) return bad(400, "Transfer-Encoding is given twice");
    if (fields.transfer_encoding.empty()) return bad(400, "Transfer-Encoding is empty");
    if (!equals_ignore_case(fields.transfer_encoding, "chunked")) {
      return bad(hides_chunked(fields.transfer_encoding) ? 400 : 501,
                 "Transfer-Encoding is something else than chunked");
    }
    return {.kind = BodyLength::Kind::kChunked};
  }
  if (fields.content_lengths == 0) return {};
  const std::optional<uint64_t> length = parse_decimal(fields.content_length);
  if (fields.content_lengths > 1 || !length.has_value() || *length > INT64_MAX) {
    return bad(400, "Content-Length is not one decimal number");
  }
  return {.kind = *length > 0 ? BodyLength::Kind::kFixed : BodyLength::Kind::kNone,
          .declared = true,
          .length = *length};
}

BodyLength response_body(const FramingFields& fields, uint8_t minor, int status, bool to_head) {
  // RFC 9112 section 6.3, rule 1: whatever the head declares.
  if (status < 200 || status == 204) return {};
  BodyLength result = request_body(fields, minor);
  if (result.kind == BodyLength::Kind::kBad) return result;
  if (status == 304 || to_head) {
    result.kind = BodyLength::Kind::kNone;
  } else if (!result.declared && result.kind == BodyLength::Kind::kNone) {
    result.kind = BodyLength::Kind::kUntilEof;
  }
  return result;
}

}  // namespace woad::h1
