// Reads the body of one HTTP/1 message as it comes.
//
// Placed in the arena of the stream it reads, so a connection without a request holds no parser.
// llhttp (strict) reads chunks and trailers; bodies of a known length are only counted. Content is
// handed on as parts of the slices it came in.
#pragma once

#include <llhttp.h>

#include <cstdint>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/head_scan.h"
#include "proxy/http/headers.h"

namespace woad::h1 {

class BodyReader {
 public:
  enum class State : uint8_t { kMore, kEnd, kBad };

  // `limits` outlives the reader; `length` is not kBad.
  BodyReader(const BodyLength& length, Arena& arena, const HttpLimits& limits);
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  // Takes what belongs to the body off the front of `bytes` and appends its content to `out`.
  State read(Slice& bytes, Buffer& out);
  // After kBad.
  std::string_view why() const { return why_; }
  // After kEnd: the trailers that may be passed on, or nullptr when there are none.
  Headers* trailers() const { return trailers_; }
  // True while the end of the connection is the end of the body.
  bool until_eof() const { return kind_ == BodyLength::Kind::kUntilEof; }

 private:
  friend struct Callbacks;

  // Chunk extensions, and whatever else is not content, beyond the size lines themselves.
  static constexpr uint64_t kMostOverhead = 4096;
  static constexpr uint64_t kOverheadPerChunk = 20;

  State read_fixed(Slice& bytes, Buffer& out);
  State read_chunks(Slice& bytes, Buffer& out);
  State read_trailers(Slice& bytes);
  State parse_trailers(std::string_view section);
  void append_section(std::string_view text);
  void end_field();
  State bad(std::string_view why);

  llhttp_t parser_;  // made for chunked bodies alone
  Arena& arena_;
  const HttpLimits& limits_;
  BodyLength::Kind kind_;
  bool message_complete_ = false;
  bool in_trailers_ = false;
  std::string_view why_;

  // The trailer being read, and where trailers go.
  std::string_view name_;
  std::string_view value_;
  Headers* collected_ = nullptr;

  uint64_t remaining_;    // of a body of known length
  uint64_t content_ = 0;  // of a chunked body, so far
  uint64_t wire_ = 0;     // bytes that carried it
  uint64_t chunks_ = 0;
  const Slice* input_ = nullptr;  // while llhttp runs over body bytes
  Buffer* output_ = nullptr;

  HeadScan scan_{HeadScan::Kind::kTrailers};
  char* section_ = nullptr;  // raw trailer section, in the arena
  size_t section_size_ = 0;
  size_t section_capacity_ = 0;
  Headers* trailers_ = nullptr;
};

}  // namespace woad::h1
