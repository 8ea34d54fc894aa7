// A second opinion: a head that we accept must be accepted by llhttp (strict), with the same fields
// and the same framing.
#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/strings.h"
#include "proxy/http/h1/heads.h"

using namespace woad;
using namespace woad::h1;

namespace {

struct Other {
  std::vector<std::pair<std::string, std::string>> fields;
  bool complete = false;
  uint16_t flags = 0;
  uint64_t content_length = 0;
  llhttp_errno_t error = HPE_OK;
};

Other& self(llhttp_t* parser) { return *static_cast<Other*>(parser->data); }

int on_field(llhttp_t* parser, const char* at, size_t size) {
  self(parser).fields.emplace_back(std::string(at, size), "");
  return 0;
}
int on_value(llhttp_t* parser, const char* at, size_t size) {
  self(parser).fields.back().second += std::string(at, size);
  return 0;
}
int on_complete(llhttp_t* parser) {
  self(parser).complete = true;
  self(parser).flags = parser->flags;
  self(parser).content_length = parser->content_length;
  return 1;
}

Other read_with_llhttp(llhttp_type_t type, std::string_view text) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_header_field = on_field;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_complete;
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  Other other;
  parser.data = &other;
  other.error = llhttp_execute(&parser, text.data(), text.size());
  return other;
}

void compare(std::string_view text, const Other& other, const Headers& ours,
             const BodyLength& body) {
  // Ours takes white space behind "chunked" and tabs behind a length, which are legal (RFC 9110
  // section 5.5).
  if (other.error == HPE_INVALID_TRANSFER_ENCODING) return;
  if (other.error == HPE_INVALID_CONTENT_LENGTH && text.find('\t') != text.npos) return;
  WOAD_ASSERT(other.error == HPE_OK || other.error == HPE_PAUSED_UPGRADE);
  WOAD_ASSERT(other.complete);
  const Header* next = ours.begin();
  bool connection = false;
  for (const auto& field : other.fields)
    connection |= header_id(field.first) == HeaderId::kConnection;
  for (const auto& [name, value] : other.fields) {
    if (next != ours.end() && next->name == name && next->value == trim(value)) {
      ++next;
    } else {
      WOAD_ASSERT(connection || header_id(name) != HeaderId::kOther);
    }
  }
  WOAD_ASSERT(next == ours.end());
  if (body.kind == BodyLength::Kind::kChunked) WOAD_ASSERT((other.flags & F_CHUNKED) != 0);
  if (body.kind == BodyLength::Kind::kFixed) WOAD_ASSERT(other.content_length == body.length);
}

void check_request(std::string_view text, const HttpLimits& limits) {
  HeadScan scan(HeadScan::Kind::kRequest);
  if (scan.scan(text, limits) != HeadScan::State::kComplete) return;
  ArenaPool pool;
  Arena arena(pool);
  const std::string_view head = arena.copy(text.substr(0, scan.size()));
  const ReadRequest request = read_request(head, scan, arena, limits);
  if (request.refusal.has_value()) return;
  std::string known(head);  // llhttp knows only some methods
  if (request.head->method == Method::kOther) {
    known.replace(0, request.head->method_name.size(), "POST");
  }
  compare(known, read_with_llhttp(HTTP_REQUEST, known), request.head->headers, request.body);
}

void check_response(std::string_view text, const HttpLimits& limits) {
  HeadScan scan(HeadScan::Kind::kResponse);
  if (scan.scan(text, limits) != HeadScan::State::kComplete) return;
  ArenaPool pool;
  Arena arena(pool);
  const std::string_view head = arena.copy(text.substr(0, scan.size()));
  const ReadResponse response = read_response(head, scan, arena, {});
  if (!response.why.empty()) return;
  compare(head, read_with_llhttp(HTTP_RESPONSE, head), response.head->headers, response.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1U) == 0) {
    check_request(text, {});
  } else {
    check_response(text, {});
  }
  return 0;
}
