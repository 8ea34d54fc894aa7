// Writes the body of one HTTP/1 message in the framing that its head declared, or the tunnel behind
// it.
//
// Small and trivial: it lives with the request. One thread.
#pragma once

#include <cstdint>

#include "proxy/base/buffer.h"
#include "proxy/http/h1/serializer.h"
#include "proxy/net/transport.h"

namespace woad::h1 {

class BodyWriter {
 public:
  // No body, and no word of one.
  BodyWriter() = default;
  static BodyWriter of_length(uint64_t length) { return {Framing::kLength, length}; }
  static BodyWriter in_chunks() { return {Framing::kChunks, 0}; }
  // The end of the connection ends it.
  static BodyWriter until_close() { return {Framing::kClose, 0}; }
  static BodyWriter tunnel() { return {Framing::kTunnel, 0}; }

  // Puts what the head has to say of it into `extras`.
  void declare(HeadExtras& extras) const;
  // A piece; never more than was declared leaves, and nothing before the head or behind the end.
  void write(Transport& to, BlockPool& blocks, Buffer&& data, bool end);
  // Instead of the last piece; the end alone where the framing has no place for them.
  void write_trailers(Transport& to, BlockPool& blocks, const Headers& trailers);
  // The head was the last of it.
  void end() { state_ = State::kEnd; }

  // The head was written.
  bool begun() const { return state_ != State::kHead; }
  bool ended() const { return state_ == State::kEnd; }
  // It goes on, and the end of the connection alone would end it.
  bool until_close_alone() const { return framing_ >= Framing::kClose && !ended(); }
  // After the end: what was given is what was declared. If not, the peer can be told by the end of
  // the connection alone.
  bool exact() const { return exact_ && left_ == 0; }

 private:
  // One made with a body is past its head; none has no kBody.
  enum class State : uint8_t { kHead, kBody, kEnd };
  enum class Framing : uint8_t { kNone, kLength, kChunks, kClose, kTunnel };

  BodyWriter(Framing framing, uint64_t length)
      : left_(length), framing_(framing), state_(State::kBody) {}

  uint64_t left_ = 0;  // of a declared length
  Framing framing_ = Framing::kNone;
  State state_ = State::kHead;
  bool exact_ = true;
};

}  // namespace woad::h1
