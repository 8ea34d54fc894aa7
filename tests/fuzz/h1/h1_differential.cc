// A second opinion: a head that we accept must be accepted by llhttp (strict), with the same fields
// and the same framing; chunks that we accept must be accepted with the same content and end.
#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/strings.h"
#include "proxy/http/h1/body_reader.h"
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

// RFC 9112 section 5.1: what a proxy does for responses, and llhttp does not.
std::string without_blanks_before_colons(std::string_view head) {
  std::string out;
  bool in_name = false;
  for (const char c : head) {
    if (in_name && (c == ' ' || c == '\t')) continue;
    if (c == ':') in_name = false;
    if (c == '\n') in_name = true;
    out += c;
  }
  return out;
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
  const int status = response.head->status;
  if (status < 200 || status == 204) return;  // we read no framing there, llhttp does
  const std::string plain = without_blanks_before_colons(head);
  compare(plain, read_with_llhttp(HTTP_RESPONSE, plain), response.head->headers, response.body);
}

// Of a chunked body, what llhttp takes for its content.
struct OtherBody {
  std::string content;
  size_t used = 0;
  bool ended = false;
};

OtherBody read_chunks_with_llhttp(std::string_view text) {
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_body = [](llhttp_t* parser, const char* at, size_t size) {
    static_cast<OtherBody*>(parser->data)->content.append(at, size);
    return 0;
  };
  settings.on_message_complete = [](llhttp_t* parser) {
    static_cast<OtherBody*>(parser->data)->ended = true;
    return static_cast<int>(HPE_PAUSED);
  };
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  OtherBody other;
  parser.data = &other;
  const std::string whole = std::string(kHead).append(text);
  llhttp_execute(&parser, whole.data(), whole.size());
  if (other.ended) {
    other.used = static_cast<size_t>(llhttp_get_error_pos(&parser) - whole.data()) - kHead.size();
  }
  return other;
}

// What llhttp reads otherwise and RFC 9112 section 7.1 allows: extensions, blanks, and trailers,
// whose fields it judges as those of a head.
bool is_plain(std::string_view text) {
  return text.find(';') == text.npos && text.find(' ') == text.npos &&
         text.find('\t') == text.npos && text.find(':') == text.npos;
}

void check_chunks(std::string_view text, const HttpLimits& limits) {
  BlockPool blocks;
  ArenaPool pool;
  Arena arena(pool);
  BodyLength length;
  length.kind = BodyLength::Kind::kChunked;
  BodyReader reader(length, Side::kRequest, arena, limits);
  Buffer input;
  input.append(blocks, text);
  Buffer content;
  auto state = BodyReader::State::kMore;
  size_t left = text.size();
  while (state == BodyReader::State::kMore && !input.empty()) {
    Slice bytes = input.take_front();
    const size_t before = bytes.size();
    state = reader.read(bytes, content);
    left -= before - bytes.size();
  }
  if (state != BodyReader::State::kEnd) return;
  const OtherBody other = read_chunks_with_llhttp(text);
  // Where it reads to the end, it reads the same; and it must, where there is nothing special.
  if (!other.ended) WOAD_ASSERT(!is_plain(text.substr(0, text.size() - left)));
  if (other.ended)
    WOAD_ASSERT(other.content == content.to_string() && other.used == text.size() - left);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: check_request(text, {}); break;
    case 1: check_response(text, {}); break;
    default: check_chunks(text, {}); break;
  }
  return 0;
}
