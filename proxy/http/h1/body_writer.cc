#include "proxy/http/h1/body_writer.h"

#include <utility>

namespace woad::h1 {

void BodyWriter::declare(HeadExtras& extras) const {
  if (framing_ == Framing::kLength) extras.content_length = left_;
  extras.chunked = framing_ == Framing::kChunks;
}

void BodyWriter::write(Buffer& out, BlockPool& blocks, Buffer&& data, bool end) {
  switch (framing_) {
    case Framing::kNone: break;
    case Framing::kLength:
      if (data.size() > left_) {
        data = data.take(static_cast<size_t>(left_));
        exact_ = false;
      }
      left_ -= data.size();
      write_content(out, blocks, std::move(data));
      break;
    case Framing::kClose: write_content(out, blocks, std::move(data)); break;
    case Framing::kChunks:
      write_chunk(out, blocks, std::move(data));
      if (end) write_last_chunk(out, blocks);
      break;
  }
}

}  // namespace woad::h1
