// Items in chunks of memory that never move, named by index and found by 64-bit key.
//
// The index over them is a linear hash table (Litwin, "Linear hashing", VLDB 1980): with every few
// items it splits few buckets, so no insertion ever rehashes all. There is one bucket an item, four
// bytes; a bucket also says which ten kinds of keys it may hold, so that a search for what is not
// there seldom looks at an item. Memory does not shrink. No locks; the owner has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/base/result.h"

namespace woad {

// The index of no item, and so the most items of a slab.
inline constexpr uint32_t kNoItem = (uint32_t{1} << 22) - 1;

// T is default-constructible and has `uint64_t key` and `uint32_t next`, which belong to the slab.
// The lowest 48 bits of the keys are evenly spread.
template <class T>
class HashedSlab {
 public:
  static constexpr uint32_t kChunkItems = 128;
  static constexpr uint32_t kChunkBuckets = 256;
  static constexpr uint32_t kSplitAtOnce = 16;

  size_t size() const { return size_; }
  T& operator[](uint32_t at) { return items_[at / kChunkItems][at % kChunkItems]; }
  const T& operator[](uint32_t at) const { return items_[at / kChunkItems][at % kChunkItems]; }

  // The first item of that key for which `same(item)` is true, or kNoItem.
  template <class Same>
  uint32_t find(uint64_t key, Same&& same) const {
    if (size_ == 0) return kNoItem;
    const uint32_t head = bucket(bucket_of(key));
    if ((head & kind_of(key)) == 0) return kNoItem;
    for (uint32_t at = head & kNoItem; at != kNoItem; at = (*this)[at].next) {
      if ((*this)[at].key == key && same((*this)[at])) return at;
    }
    return kNoItem;
  }
  uint32_t find(uint64_t key) const {
    return find(key, [](const T&) { return true; });
  }

  // A new item, as it is made by default but for its key. Allocates once in kChunkItems items.
  uint32_t add(uint64_t key) {
    if (free_ == kNoItem) grow_items();
    if (size_ >= buckets_) grow_buckets();
    const uint32_t at = free_;
    T& item = (*this)[at];
    free_ = item.next;
    item = T{};
    item.key = key;
    link(bucket_of(key), at);
    ++size_;
    return at;
  }

  // What the item held is released; its index may come back from add().
  void remove(uint32_t at) {
    T& item = (*this)[at];
    unlink(bucket(bucket_of(item.key)), at);
    item = T{};
    item.next = free_;
    free_ = at;
    --size_;
  }

  // Memory in use, without what the items themselves point to.
  size_t bytes() const {
    return items_.size() * kChunkItems * sizeof(T) + buckets_allocated() * sizeof(uint32_t) +
           items_.capacity() * sizeof(items_[0]) + bucket_chunks_.capacity() * sizeof(items_[0]);
  }

 private:
  uint32_t& bucket(uint32_t number) {
    return bucket_chunks_[number / kChunkBuckets][number % kChunkBuckets];
  }
  const uint32_t& bucket(uint32_t number) const {
    return bucket_chunks_[number / kChunkBuckets][number % kChunkBuckets];
  }
  size_t buckets_allocated() const { return bucket_chunks_.size() * kChunkBuckets; }

  // Buckets that are not split yet in this round hold the keys of their later twin too.
  uint32_t bucket_of(uint64_t key) const {
    const uint32_t number = static_cast<uint32_t>(key) & (2 * round_ - 1);
    return number < buckets_ ? number : number & (round_ - 1);
  }

  // One bit above the index in a bucket, by bits of the key that choose no bucket.
  static uint32_t kind_of(uint64_t key) {
    return uint32_t{1} << (22 + (key >> 32 & 0xffff) * 10 / 0x10000);
  }

  void link(uint32_t number, uint32_t at) {
    uint32_t& head = bucket(number);
    (*this)[at].next = head & kNoItem;
    head = (head & ~kNoItem) | kind_of((*this)[at].key) | at;
  }

  // Kinds stay until the bucket is empty.
  void unlink(uint32_t& head, uint32_t at) {
    const uint32_t next = (*this)[at].next;
    const uint32_t first = head & kNoItem;
    if (first == at) {
      head = next == kNoItem ? kNoItem : (head & ~kNoItem) | next;
      return;
    }
    uint32_t before = first;
    while ((*this)[before].next != at) before = (*this)[before].next;
    (*this)[before].next = next;
  }

  void grow_items() {
    WOAD_ASSERT((items_.size() + 1) * kChunkItems <= kNoItem);
    const auto first = static_cast<uint32_t>(items_.size() * kChunkItems);
    items_.push_back(std::make_unique<T[]>(kChunkItems));
    for (uint32_t i = kChunkItems; i > 0; --i) {
      (*this)[first + i - 1].next = free_;
      free_ = first + i - 1;
    }
  }

  void add_bucket_chunk() {
    bucket_chunks_.push_back(std::make_unique<uint32_t[]>(kChunkBuckets));
    for (uint32_t i = 0; i < kChunkBuckets; ++i) bucket_chunks_.back()[i] = kNoItem;
  }

  // The next buckets are split. Several at once, so that the waits for their items' memory overlap.
  void grow_buckets() {
    if (buckets_ == buckets_allocated()) add_bucket_chunk();
    if (buckets_ == 0) {
      buckets_ = round_ = kChunkBuckets;
      return;
    }
    const uint32_t first = buckets_ - round_;
    for (uint32_t i = 0; i < kSplitAtOnce; ++i) {
      const uint32_t at = bucket(first + i) & kNoItem;
      if (at != kNoItem) __builtin_prefetch(&(*this)[at]);
    }
    for (uint32_t i = 0; i < kSplitAtOnce; ++i) split(first + i);
    if (buckets_ == 2 * round_) round_ = buckets_;
  }

  // Its items are dealt out between it and its new twin.
  void split(uint32_t number) {
    uint32_t rest = bucket(number) & kNoItem;
    bucket(number) = kNoItem;
    ++buckets_;
    while (rest != kNoItem) {
      const uint32_t at = rest;
      rest = (*this)[at].next;
      link((*this)[at].key & round_ ? number + round_ : number, at);
    }
  }

  std::vector<std::unique_ptr<T[]>> items_;
  std::vector<std::unique_ptr<uint32_t[]>> bucket_chunks_;
  uint32_t free_ = kNoItem;
  uint32_t size_ = 0;
  uint32_t buckets_ = 0;
  uint32_t round_ = 0;  // buckets at the start of this round; a power of two
};

}  // namespace woad
