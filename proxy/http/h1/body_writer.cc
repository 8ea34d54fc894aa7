#include "proxy/http/h1/body_writer.h"

#include <utility>

namespace woad::h1 {

void BodyWriter::declare(HeadExtras& extras) const {
  if (framing_ == Framing::kLength) extras.content_length = left_;
  extras.chunked = framing_ == Framing::kChunks;
}

void BodyWriter::write(Transport& to, BlockPool& blocks, Buffer&& data, bool end) {
  if (state_ != State::kBody) return;
  Buffer& out = to.output();
  if (framing_ == Framing::kChunks) {
    write_chunk(out, blocks, std::move(data));
    if (end) write_last_chunk(out, blocks);
  } else {
    if (framing_ == Framing::kLength) {
      if (data.size() > left_) {
        data = data.take(static_cast<size_t>(left_));
        exact_ = false;
      }
      left_ -= data.size();
    }
    write_content(out, blocks, std::move(data));
  }
  if (end) state_ = State::kEnd;
  to.wrote();
  if (end && framing_ == Framing::kTunnel) to.shutdown_write();
}

void BodyWriter::write_trailers(Transport& to, BlockPool& blocks, const Headers& trailers) {
  if (framing_ != Framing::kChunks || ended()) return write(to, blocks, {}, true);
  write_last_chunk(to.output(), blocks, trailers);
  state_ = State::kEnd;
  to.wrote();
}

}  // namespace woad::h1
