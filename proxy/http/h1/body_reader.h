// Reads the body of one HTTP/1 message as it comes, by any of its framings.
//
// Placed in the arena of the stream it reads, so a connection without a request holds none. Content
// is handed on as parts of the slices it came in.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/http/h1/chunk_reader.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/head_scan.h"
#include "proxy/http/headers.h"

namespace woad::h1 {

class BodyReader {
 public:
  enum class State : uint8_t { kMore, kEnd, kBad };

  // `limits` outlives the reader; `length` is not kBad.
  BodyReader(const BodyLength& length, Side side, Arena& arena, const HttpLimits& limits)
      : arena_(arena),
        limits_(limits),
        kind_(length.kind),
        side_(side),
        remaining_(length.length),
        chunks_(side) {}
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
  State read_fixed(Slice& bytes, Buffer& out);
  State read_chunks(Slice& bytes, Buffer& out);
  State read_trailers(Slice& bytes);
  State parse_trailers(std::string_view section);
  void append_section(std::string_view text);
  State bad(std::string_view why);

  Arena& arena_;
  const HttpLimits& limits_;
  BodyLength::Kind kind_;
  Side side_;
  bool in_trailers_ = false;
  std::string_view why_;
  uint64_t remaining_;  // of a body of known length
  ChunkReader chunks_;

  HeadScan scan_{HeadScan::Kind::kTrailers};
  char* section_ = nullptr;  // raw trailer section, in the arena
  size_t section_size_ = 0;
  size_t section_capacity_ = 0;
  Headers* trailers_ = nullptr;
};

// After kEnd: hands on the last piece, `data`, and the trailers. `request` is a codec's own
// pointer, nullptr once the sink has released it.
template <class Request>
void deliver_end(Request* const& request, Buffer&& data) {
  auto& sink = request->sink;
  Headers* const trailers = request->reader->trailers();
  if (trailers == nullptr) return sink.on_data(std::move(data), true);
  if (!data.empty()) sink.on_data(std::move(data), false);
  if (request != nullptr) sink.on_trailers(*trailers);
}

}  // namespace woad::h1
