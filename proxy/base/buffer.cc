#include "proxy/base/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "proxy/base/result.h"

namespace woad {

BlockPool::~BlockPool() {
  for (Block*& list : free_) {
    while (list != nullptr) std::free(std::exchange(list, list->next_free));
  }
}

Block* BlockPool::take(size_t size) {
  uint8_t size_class = 0;
  while (kSizes[size_class] < size) {
    ++size_class;
    WOAD_ASSERT(size_class < std::size(kSizes));
  }
  Block* block = free_[size_class];
  if (block != nullptr) {
    free_[size_class] = block->next_free;
    kept_[size_class] -= block->capacity;
    block->refs = 1;
    return block;
  }
  block = static_cast<Block*>(std::malloc(sizeof(Block) + kSizes[size_class]));
  WOAD_ASSERT(block != nullptr);
  *block = {this, nullptr, 1, kSizes[size_class], size_class};
  return block;
}

void BlockPool::give(Block* block) {
  if (kept_[block->size_class] >= kKeepBytes) {
    std::free(block);
    return;
  }
  kept_[block->size_class] += block->capacity;
  block->next_free = free_[block->size_class];
  free_[block->size_class] = block;
}

void Buffer::clear() {
  for (uint32_t i = first_; i < end_; ++i) slices()[i] = Slice();
  first_ = end_ = 0;
  size_ = 0;
}

void Buffer::steal(Buffer& other) noexcept {
  if (other.more_ != nullptr) {
    delete[] more_;
    more_ = std::exchange(other.more_, nullptr);
    capacity_ = std::exchange(other.capacity_, kInPlace);
    first_ = std::exchange(other.first_, 0);
    end_ = std::exchange(other.end_, 0);
  } else {
    Slice* const to = slices();
    for (uint32_t i = other.first_; i < other.end_; ++i) to[end_++] = std::move(other.in_place_[i]);
    other.first_ = other.end_ = 0;
  }
  size_ = std::exchange(other.size_, 0);
}

// At the back: by moving down when the front half was consumed, else in twice the space.
void Buffer::make_room() {
  Slice* const from = slices();
  const uint32_t count = end_ - first_;
  Slice* to = from;
  if (first_ == 0 || count * 2 > capacity_) {
    capacity_ *= 2;
    to = new Slice[capacity_];
  }
  for (uint32_t i = 0; i < count; ++i) to[i] = std::move(from[first_ + i]);
  if (to != from) {
    delete[] more_;
    more_ = to;
  }
  first_ = 0;
  end_ = count;
}

void Buffer::append(Buffer&& other) {
  if (empty() && more_ == nullptr) {
    *this = std::move(other);
    return;
  }
  Slice* const from = other.slices();
  for (uint32_t i = other.first_; i < other.end_; ++i) push(std::move(from[i]));
  size_ += other.size_;
  other.first_ = other.end_ = 0;
  other.size_ = 0;
}

char* Buffer::reserve(BlockPool& pool, size_t count) {
  if (first_ < end_) {
    const Slice& last = slices()[end_ - 1];
    Block* block = last.block_;
    if (block != nullptr && block->refs == 1) {
      const char* end = last.data_ + last.size_;
      const auto room = static_cast<size_t>(block->data() + block->capacity - end);
      if (room >= count) return const_cast<char*>(end);
    }
  }
  Block* block = pool.take(count);
  push(Slice(block, block->data(), 0));
  return block->data();
}

void Buffer::commit(size_t count) {
  Slice& last = slices()[end_ - 1];
  last.size_ += static_cast<uint32_t>(count);
  size_ += count;
  if (!last.empty()) return;
  last = Slice();
  --end_;
  if (first_ == end_) first_ = end_ = 0;
}

void Buffer::append(BlockPool& pool, std::string_view text) {
  while (!text.empty()) {
    const size_t count = std::min<size_t>(text.size(), BlockPool::kSizes[1]);
    std::memcpy(reserve(pool, count), text.data(), count);
    commit(count);
    text.remove_prefix(count);
  }
}

void Buffer::drop_front() {
  if (++first_ == end_) first_ = end_ = 0;
}

Slice Buffer::take_front() {
  Slice slice = std::move(slices()[first_]);
  size_ -= slice.size();
  drop_front();
  return slice;
}

void Buffer::consume(size_t count) {
  size_ -= count;
  while (count > 0) {
    Slice& slice = slices()[first_];
    if (slice.size() > count) {
      slice.remove_prefix(count);
      return;
    }
    count -= slice.size();
    slice = Slice();
    drop_front();
  }
}

Buffer Buffer::take(size_t count) {
  Buffer head;
  while (count > 0) {
    if (front().size() <= count) {
      count -= front().size();
      head.append(take_front());
    } else {
      head.append(front().part(0, count));
      consume(count);
      count = 0;
    }
  }
  return head;
}

Buffer Buffer::share() const {
  Buffer copy;
  for_each([&](const Slice& slice) { copy.append(slice); });
  return copy;
}

int Buffer::to_iovec(iovec* out, int max) const {
  int count = 0;
  for (uint32_t i = first_; i < end_ && count < max; ++i) {
    const Slice& slice = slices()[i];
    if (!slice.empty()) out[count++] = {const_cast<char*>(slice.data()), slice.size()};
  }
  return count;
}

std::string Buffer::to_string() const {
  std::string text;
  text.reserve(size_);
  for_each([&](const Slice& slice) { text.append(slice.view()); });
  return text;
}

}  // namespace woad
