// Puts frames into a transport's queue: small ones side by side in blocks, large pieces of body as
// slices of the blocks in which they arrived. Lives on the stack of one flush. One thread.
#pragma once

#include <algorithm>
#include <cstring>

#include "proxy/base/buffer.h"

namespace woad {

class FrameWriter {
 public:
  FrameWriter(Buffer& out, BlockPool& blocks) : out_(out), blocks_(blocks) {}
  ~FrameWriter() { commit(); }
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  void put(const void* data, size_t size) {
    if (size == 0) return;
    if (room_ - used_ < size) grow(size);
    std::memcpy(at_ + used_, data, size);
    used_ += size;
    wrote_ = true;
  }

  // Moves the first `size` bytes of `from`.
  void put_from(Buffer& from, size_t size) {
    while (size > 0) {
      const size_t count = std::min(size, from.front().size());
      if (count <= kCopied) {
        put(from.front().data(), count);
        from.consume(count);
      } else {
        commit();
        if (count == from.front().size()) {
          out_.append(from.take_front());
        } else {
          out_.append(from.front().part(0, count));
          from.consume(count);
        }
        wrote_ = true;
      }
      size -= count;
    }
  }

  // Makes what was put part of the queue.
  void commit() {
    if (room_ > 0) out_.commit(used_);
    room_ = used_ = 0;
  }

  bool wrote() const { return wrote_; }
  // Bytes that out does not count yet.
  size_t pending() const { return used_; }

 private:
  // Up to here copying is cheaper than one more entry of a writev.
  static constexpr size_t kCopied = 1024;

  void grow(size_t size) {
    const size_t next = room_ == 0 ? BlockPool::kSizes[0] : BlockPool::kSizes[1];
    commit();
    room_ = std::max(size, next);
    at_ = out_.reserve(blocks_, room_);
  }

  Buffer& out_;
  BlockPool& blocks_;
  char* at_ = nullptr;
  size_t room_ = 0;
  size_t used_ = 0;
  bool wrote_ = false;
};

}  // namespace woad
