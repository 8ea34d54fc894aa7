#include "proxy/http/h1/chunk_reader.h"

#include <algorithm>
#include <utility>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"

namespace woad::h1 {
namespace {

constexpr std::string_view kBadSize = "a chunk size is malformed";
constexpr std::string_view kBadExtension = "a chunk extension is malformed";
constexpr std::string_view kBadEnd = "a line or chunk does not end as it must";
constexpr std::string_view kTooMuch = "the chunks carry too much beside content";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_token(char c) { return is_in(c, kInToken); }

// RFC 9110 section 5.6.4: what a quoted string may hold, behind a backslash or (but for a quote and
// a backslash, which are looked at before) without one.
bool may_be_quoted(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

ChunkReader::State ChunkReader::read(Slice& bytes, Buffer& out) {
  while (!bytes.empty()) {
    if (at_ < At::kContent) {
      const State state = read_line(bytes);
      if (state != State::kMore) return state;
    } else if (!read_content(bytes, out)) {
      return State::kBad;
    }
  }
  return State::kMore;
}

ChunkReader::State ChunkReader::read_line(Slice& bytes) {
  const std::string_view text = bytes.view();
  const size_t most = std::min<size_t>(text.size(), room_);
  size_t used = 0;
  while (used < most) {
    const char c = text[used++];
    if (at_ == At::kLineFeed) {
      if (c != '\n') {
        why_ = kBadEnd;
        return State::kBad;
      }
      room_ -= static_cast<uint32_t>(used);
      bytes.remove_prefix(used);
      return end_line();
    }
    if (!take(c)) return State::kBad;
  }
  if (used < text.size()) {
    why_ = kTooMuch;
    return State::kBad;
  }
  room_ -= static_cast<uint32_t>(used);
  bytes = Slice();
  return State::kMore;
}

ChunkReader::State ChunkReader::end_line() {
  if (size_ == 0) return State::kLastChunk;
  give_room(kPlainLine + size_);
  at_ = At::kContent;
  return State::kMore;
}

void ChunkReader::give_room(uint64_t bytes) {
  room_ = static_cast<uint32_t>(std::min<uint64_t>(kLineBytes, room_ + bytes));
}

// False when `c` must not stand here.
bool ChunkReader::take(char c) {
  switch (at_) {
    case At::kSize:
    case At::kDigits: return take_digit(c);
    case At::kBlanks: return behind(c, At::kBlanks);
    case At::kExtension:
      if (is_blank(c)) return true;
      return is_token(c) ? go(At::kName) : fail(kBadExtension);
    case At::kName:
      if (is_token(c)) return true;
      [[fallthrough]];
    case At::kNameBlanks: return c == '=' ? go(At::kEquals) : behind(c, At::kNameBlanks);
    case At::kEquals:
      if (is_blank(c)) return true;
      if (c == '"') return go(At::kQuoted);
      return is_token(c) ? go(At::kValue) : fail(kBadExtension);
    case At::kValue: return is_token(c) || behind(c, At::kBlanks);
    case At::kQuoted:
      if (c == '"') return go(At::kQuoteEnd);
      if (c == '\\') return go(At::kEscaped);
      return may_be_quoted(c) || fail(kBadExtension);
    case At::kEscaped: return may_be_quoted(c) ? go(At::kQuoted) : fail(kBadExtension);
    case At::kQuoteEnd: return behind(c, At::kBlanks);
    default: return false;
  }
}

bool ChunkReader::take_digit(char c) {
  const int digit = hex_digit(c);
  if (digit < 0) return at_ == At::kSize ? fail(kBadSize) : behind(c, At::kBlanks);
  // A size beyond 63 bits is no size of anything.
  if (size_ > (static_cast<uint64_t>(INT64_MAX) >> 4U)) return fail(kBadSize);
  size_ = size_ << 4U | static_cast<uint64_t>(digit);
  return go(At::kDigits);
}

// What may follow a whole size, name or value; after blanks, `blanks` is where the reader is.
bool ChunkReader::behind(char c, At blanks) {
  if (is_blank(c)) return go(blanks);
  if (c == ';') return go(At::kExtension);
  if (c == '\r') {
    const bool good = at_ != blanks || side_ == Side::kResponse;
    return good ? go(At::kLineFeed) : fail(kBadEnd);
  }
  return fail(at_ == At::kDigits ? kBadSize : kBadExtension);
}

bool ChunkReader::read_content(Slice& bytes, Buffer& out) {
  if (at_ == At::kContent) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(size_, bytes.size()));
    if (count == bytes.size()) {
      out.append(std::exchange(bytes, Slice()));
    } else {
      out.append(bytes.part(0, count));
      bytes.remove_prefix(count);
    }
    size_ -= count;
    return size_ > 0 || go(At::kContentReturn);
  }
  const char c = bytes.view()[0];
  bytes.remove_prefix(1);
  if (at_ == At::kContentReturn) return c == '\r' ? go(At::kContentLineFeed) : fail(kBadEnd);
  return c == '\n' ? go(At::kSize) : fail(kBadEnd);
}

}  // namespace woad::h1
