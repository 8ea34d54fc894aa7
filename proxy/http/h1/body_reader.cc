#include "proxy/http/h1/body_reader.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/validate.h"

namespace woad::h1 {

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
  switch (chunks_.read(bytes, out)) {
    case ChunkReader::State::kMore: return State::kMore;
    case ChunkReader::State::kBad: return bad(chunks_.why());
    case ChunkReader::State::kLastChunk: break;
  }
  in_trailers_ = true;
  return read_trailers(bytes);
}

BodyReader::State BodyReader::read_trailers(Slice& bytes) {
  if (bytes.empty()) return State::kMore;
  constexpr std::string_view kNone = "\r\n";
  if (section_size_ == 0 && bytes.view().substr(0, kNone.size()) == kNone) {
    bytes.remove_prefix(kNone.size());
    return State::kEnd;
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
  auto* trailers = arena_.make<Headers>(arena_);
  const std::string_view why =
      read_field_lines(section, side_, [trailers](std::string_view name, std::string_view value) {
        const HeaderId id = header_id(name);
        if (!forbidden_in_trailers(name, id)) trailers->add(name, value, id);
      });
  if (!why.empty()) return bad(why);
  if (!trailers->empty()) trailers_ = trailers;
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

BodyReader::State BodyReader::bad(std::string_view why) {
  why_ = why;
  return State::kBad;
}

}  // namespace woad::h1
