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
  slices_.clear();
  first_ = 0;
  size_ = 0;
}

void Buffer::append(Buffer&& other) {
  if (empty()) {
    *this = std::move(other);
    return;
  }
  for (size_t i = other.first_; i < other.slices_.size(); ++i) {
    slices_.push_back(std::move(other.slices_[i]));
  }
  size_ += other.size_;
  other.clear();
}

char* Buffer::reserve(BlockPool& pool, size_t count) {
  if (!slices_.empty() && first_ < slices_.size()) {
    Slice& last = slices_.back();
    Block* block = last.block_;
    if (block != nullptr && block->refs == 1) {
      const char* end = last.data_ + last.size_;
      const auto room = static_cast<size_t>(block->data() + block->capacity - end);
      if (room >= count) return const_cast<char*>(end);
    }
  }
  Block* block = pool.take(count);
  slices_.emplace_back(block, block->data(), 0);
  return block->data();
}

void Buffer::commit(size_t count) {
  slices_.back().size_ += static_cast<uint32_t>(count);
  size_ += count;
  if (slices_.back().empty()) slices_.pop_back();
}

void Buffer::append(BlockPool& pool, std::string_view text) {
  while (!text.empty()) {
    const size_t count = std::min<size_t>(text.size(), BlockPool::kSizes[1]);
    std::memcpy(reserve(pool, count), text.data(), count);
    commit(count);
    text.remove_prefix(count);
  }
}

Slice Buffer::take_front() {
  Slice slice = std::move(slices_[first_]);
  size_ -= slice.size();
  ++first_;
  drop_consumed();
  return slice;
}

void Buffer::drop_consumed() {
  if (first_ == slices_.size()) {
    clear();
  } else if (first_ >= 32 && first_ * 2 >= slices_.size()) {
    slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void Buffer::consume(size_t count) {
  size_ -= count;
  while (count > 0) {
    Slice& slice = slices_[first_];
    if (slice.size() > count) {
      slice.remove_prefix(count);
      break;
    }
    count -= slice.size();
    slice = Slice();
    ++first_;
  }
  drop_consumed();
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
  for (size_t i = first_; i < slices_.size() && count < max; ++i) {
    if (slices_[i].empty()) continue;
    out[count++] = {const_cast<char*>(slices_[i].data()), slices_[i].size()};
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
