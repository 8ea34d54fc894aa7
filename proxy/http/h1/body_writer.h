// Writes the body of one HTTP/1 message in the framing that its head declared.
//
// Small and trivial: it lives with the request. One thread.
#pragma once

#include <cstdint>

#include "proxy/base/buffer.h"
#include "proxy/http/h1/serializer.h"

namespace woad::h1 {

class BodyWriter {
 public:
  // No body, and no word of one.
  BodyWriter() = default;
  static BodyWriter of_length(uint64_t length) { return {Framing::kLength, length}; }
  static BodyWriter in_chunks() { return {Framing::kChunks, 0}; }
  // The end of the connection ends it.
  static BodyWriter until_close() { return {Framing::kClose, 0}; }

  // Puts what the head has to say of it into `extras`.
  void declare(HeadExtras& extras) const;
  // A piece; never more than was declared leaves.
  void write(Buffer& out, BlockPool& blocks, Buffer&& data, bool end);
  bool takes_trailers() const { return framing_ == Framing::kChunks; }
  // Instead of the last piece. Requires takes_trailers().
  void write_trailers(Buffer& out, BlockPool& blocks, const Headers& trailers) {
    write_last_chunk(out, blocks, trailers);
  }
  bool until_close_alone() const { return framing_ == Framing::kClose; }
  // After the end: what was given is what was declared. If not, the peer can be told by the end of
  // the connection alone.
  bool exact() const { return exact_ && left_ == 0; }

 private:
  enum class Framing : uint8_t { kNone, kLength, kChunks, kClose };

  BodyWriter(Framing framing, uint64_t length) : left_(length), framing_(framing) {}

  uint64_t left_ = 0;  // of a declared length
  Framing framing_ = Framing::kNone;
  bool exact_ = true;
};

}  // namespace woad::h1
