#include "proxy/http/h1/body_reader.h"

#include <algorithm>
#include <cstring>

#include "proxy/base/result.h"
#include "proxy/base/strings.h"
#include "proxy/http/validate.h"

namespace woad::h1 {
namespace {

std::string_view sentence_of(llhttp_errno_t error) {
  switch (error) {
    case HPE_INVALID_CHUNK_SIZE: return "a chunk size is malformed";
    case HPE_STRICT:
    case HPE_LF_EXPECTED:
    case HPE_CR_EXPECTED: return "a line or chunk does not end as it must";
    default: return "a trailer has a byte that it must not have";
  }
}

}  // namespace

// What llhttp calls. Zero goes on, HPE_PAUSED stops before the next byte.
struct Callbacks {
  static BodyReader& self(llhttp_t* parser) { return *static_cast<BodyReader*>(parser->data); }
  static int on_header_field(llhttp_t* parser, const char* at, size_t size) {
    BodyReader& reader = self(parser);
    reader.end_field();
    reader.name_ = {at, size};
    return 0;
  }
  static int on_header_value(llhttp_t* parser, const char* at, size_t size) {
    self(parser).value_ = {at, size};
    return 0;
  }
  static int on_chunk_header(llhttp_t* parser) {
    BodyReader& reader = self(parser);
    ++reader.chunks_;
    if (parser->content_length > INT64_MAX) return HPE_INVALID_CHUNK_SIZE;
    if (parser->content_length > 0) return 0;
    reader.in_trailers_ = true;
    return HPE_PAUSED;
  }
  static int on_body(llhttp_t* parser, const char* at, size_t size) {
    BodyReader& reader = self(parser);
    const auto offset = static_cast<size_t>(at - reader.input_->data());
    reader.output_->append(reader.input_->part(offset, size));
    reader.content_ += size;
    return 0;
  }
  static int on_message_complete(llhttp_t* parser) {
    BodyReader& reader = self(parser);
    reader.end_field();
    reader.message_complete_ = true;
    return 0;
  }
  static constexpr llhttp_settings_t make() {
    llhttp_settings_t settings{};
    settings.on_header_field = on_header_field;
    settings.on_header_value = on_header_value;
    settings.on_chunk_header = on_chunk_header;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    return settings;
  }
};

namespace {
constexpr llhttp_settings_t kSettings = Callbacks::make();
}  // namespace

BodyReader::BodyReader(const BodyLength& length, Arena& arena, const HttpLimits& limits)
    : arena_(arena), limits_(limits), kind_(length.kind), remaining_(length.length) {
  if (kind_ != BodyLength::Kind::kChunked) return;
  // The real head has been read already; this one brings llhttp to where chunks begin.
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  llhttp_init(&parser_, HTTP_REQUEST, &kSettings);
  parser_.data = this;
  const llhttp_errno_t error = llhttp_execute(&parser_, kHead.data(), kHead.size());
  WOAD_ASSERT(error == HPE_OK);
  name_ = value_ = {};
}

BodyReader::State BodyReader::read(Slice& bytes, Buffer& out) {
  switch (kind_) {
    case BodyLength::Kind::kFixed: return read_fixed(bytes, out);
    case BodyLength::Kind::kChunked:
      return in_trailers_ ? read_trailers(bytes) : read_chunks(bytes, out);
    case BodyLength::Kind::kUntilEof:
      out.append(std::move(bytes));
      bytes = Slice();
      return State::kMore;
    default: return State::kEnd;
  }
}

BodyReader::State BodyReader::read_fixed(Slice& bytes, Buffer& out) {
  if (bytes.size() < remaining_) {
    remaining_ -= bytes.size();
    out.append(std::move(bytes));
    bytes = Slice();
    return State::kMore;
  }
  const auto count = static_cast<size_t>(remaining_);
  out.append(bytes.part(0, count));
  bytes.remove_prefix(count);
  remaining_ = 0;
  return State::kEnd;
}

BodyReader::State BodyReader::read_chunks(Slice& bytes, Buffer& out) {
  input_ = &bytes;
  output_ = &out;
  const llhttp_errno_t error = llhttp_execute(&parser_, bytes.data(), bytes.size());
  size_t used = bytes.size();
  if (error == HPE_PAUSED && in_trailers_) {
    used = static_cast<size_t>(llhttp_get_error_pos(&parser_) - bytes.data());
    llhttp_resume(&parser_);
  } else if (error != HPE_OK) {
    return bad(sentence_of(error));
  }
  wire_ += used;
  if (wire_ - content_ > kMostOverhead + kOverheadPerChunk * chunks_) {
    return bad("the chunks carry too much beside content");
  }
  bytes.remove_prefix(used);
  return in_trailers_ ? read_trailers(bytes) : State::kMore;
}

BodyReader::State BodyReader::read_trailers(Slice& bytes) {
  if (bytes.empty()) return State::kMore;
  constexpr std::string_view kNone = "\r\n";
  if (section_size_ == 0 && bytes.view().substr(0, kNone.size()) == kNone) {
    bytes.remove_prefix(kNone.size());
    return parse_trailers(kNone);
  }
  const size_t before = section_size_;
  append_section(bytes.view().substr(0, limits_.header_bytes));
  switch (scan_.scan({section_, section_size_}, limits_)) {
    case HeadScan::State::kIncomplete: bytes = Slice(); return State::kMore;
    case HeadScan::State::kBad: return bad(scan_.fault().why);
    case HeadScan::State::kComplete: break;
  }
  bytes.remove_prefix(scan_.size() - before);
  return parse_trailers({section_, scan_.size()});
}

BodyReader::State BodyReader::parse_trailers(std::string_view section) {
  collected_ = arena_.make<Headers>(arena_);
  const llhttp_errno_t error = llhttp_execute(&parser_, section.data(), section.size());
  const bool good = error == HPE_OK && message_complete_;
  if (!good) return bad(sentence_of(error));
  if (!collected_->empty()) trailers_ = collected_;
  return State::kEnd;
}

void BodyReader::append_section(std::string_view text) {
  if (section_size_ + text.size() > section_capacity_) {
    section_capacity_ = std::max<size_t>(512, 2 * (section_size_ + text.size()));
    auto* larger = static_cast<char*>(arena_.allocate(section_capacity_, 1));
    if (section_size_ > 0) std::memcpy(larger, section_, section_size_);
    section_ = larger;
  }
  std::memcpy(section_ + section_size_, text.data(), text.size());
  section_size_ += text.size();
}

void BodyReader::end_field() {
  if (name_.empty()) return;
  const HeaderId id = header_id(name_);
  if (!forbidden_in_trailers(name_, id)) collected_->add(name_, trim(value_), id);
  name_ = value_ = {};
}

BodyReader::State BodyReader::bad(std::string_view why) {
  why_ = why;
  return State::kBad;
}

}  // namespace woad::h1
