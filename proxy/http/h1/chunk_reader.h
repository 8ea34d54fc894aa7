// Reads the chunked coding up to its last chunk (RFC 9112 section 7.1).
//
// A chunk's line is read byte by byte, its content is handed on as parts of the slices it came in.
// Extensions are read by their grammar, quoted strings too, and dropped (section 7.1.1): what they
// say is for one connection alone. A line ends with CR LF and nothing else, inside quotes as well,
// so that no two readers can differ on where a chunk begins.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/http/h1/fields.h"

namespace woad::h1 {

class ChunkReader {
 public:
  enum class State : uint8_t { kMore, kLastChunk, kBad };

  // Blanks behind a chunk's size or extension are passed over in responses, and refused in
  // requests.
  explicit ChunkReader(Side side) : side_(side) {}

  // Takes what belongs to chunks off the front of `bytes` and appends their content to `out`.
  // After kLastChunk its line has been taken, and trailers follow.
  State read(Slice& bytes, Buffer& out);
  // After kBad; static, without a final dot.
  std::string_view why() const { return why_; }

 private:
  // What comes next. Up to kLineFeed, of the line of a chunk.
  enum class At : uint8_t {
    kSize,       // its first digit
    kDigits,     // more of them, or what is behind
    kBlanks,     // a size or value came, and blanks: an extension, or the line's end
    kExtension,  // a semicolon came: a name
    kName,
    kNameBlanks,
    kEquals,  // it came: a value
    kValue,
    kQuoted,
    kEscaped,   // the byte behind a backslash
    kQuoteEnd,  // what is behind a quoted value
    kLineFeed,
    kContent,
    kContentReturn,  // the CR LF behind content
    kContentLineFeed,
  };

  // What lines may take in a row: this much, and again as much as content came since. Sent without
  // end they would cost much and carry nothing.
  static constexpr uint32_t kLineBytes = 4096;
  // What a plain line takes, so that the smallest chunks pass for good.
  static constexpr uint32_t kPlainLine = 20;

  State read_line(Slice& bytes);
  bool read_content(Slice& bytes, Buffer& out);
  State end_line();
  bool take(char c);
  bool take_digit(char c);
  bool behind(char c, At blanks);
  bool go(At next) {
    at_ = next;
    return true;
  }
  bool fail(std::string_view why) {
    why_ = why;
    return false;
  }
  void give_room(uint64_t bytes);

  std::string_view why_;
  uint64_t size_ = 0;  // of the chunk: as far as it was read, then what is left of it
  uint32_t room_ = kLineBytes;
  Side side_;
  At at_ = At::kSize;
};

}  // namespace woad::h1
