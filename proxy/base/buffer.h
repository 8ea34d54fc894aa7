// Bytes on their way through: reference-counted blocks, slices of them, and chains of slices.
//
// A body piece is forwarded in the block in which it was read, so nothing is copied on the way.
// Reference counts are plain integers: a block, its slices and its pool belong to one thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/base/piece_pool.h"

namespace woad {

class BlockPool;

// The memory behind slices. Made by a BlockPool only; goes back to it with its last reference.
struct Block {
  BlockPool* pool;
  Block* next_free;
  uint32_t refs;
  uint32_t capacity;
  uint8_t size_class;

  char* data() { return reinterpret_cast<char*>(this + 1); }
};

// Free blocks of one worker, by size class, and its pool of smaller pieces. Outlives every slice of
// its blocks.
class BlockPool {
 public:
  // Usable bytes of the size classes.
  static constexpr uint32_t kSizes[] = {2048, 16384, 32768, 65536, 262144};
  // At most this many idle bytes are kept for each class.
  static constexpr size_t kKeepBytes = 1 << 20;

  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block of at least `size` bytes (at most the largest class) with one reference.
  Block* take(size_t size);

  PiecePool& pieces() { return pieces_; }

 private:
  friend class Slice;
  void give(Block* block);

  Block* free_[std::size(kSizes)] = {};
  size_t kept_[std::size(kSizes)] = {};
  PiecePool pieces_;
};

// A view of part of a block that keeps the block alive.
class Slice {
 public:
  Slice() = default;
  // Adopts one reference of `block`.
  Slice(Block* adopted, const char* data, size_t size)
      : block_(adopted), data_(data), size_(static_cast<uint32_t>(size)) {}
  Slice(const Slice& other) : block_(other.block_), data_(other.data_), size_(other.size_) {
    if (block_ != nullptr) ++block_->refs;
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() {
    if (block_ != nullptr && --block_->refs == 0) block_->pool->give(block_);
  }

  // A slice of bytes that outlive every use, such as string literals.
  static Slice of_static(std::string_view text) { return {nullptr, text.data(), text.size()}; }

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  void remove_prefix(size_t count) {
    data_ += count;
    size_ -= static_cast<uint32_t>(count);
  }
  // The part [offset, offset + count), sharing the block.
  Slice part(size_t offset, size_t count) const {
    Slice piece(*this);
    piece.data_ += offset;
    piece.size_ = static_cast<uint32_t>(count);
    return piece;
  }

 private:
  friend class Buffer;
  Block* block_ = nullptr;
  const char* data_ = nullptr;
  uint32_t size_ = 0;
};

// A chain of slices: appended at the back, consumed at the front. Movable, not copyable. Two slices
// have their place in the buffer itself, so a piece of body on its way takes no memory but its own;
// room for more is kept between uses, so a connection's buffer stops allocating soon.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Slice slice) { append(std::move(slice)); }
  // A copy of `text` in blocks of `pool`.
  Buffer(BlockPool& pool, std::string_view text) { append(pool, text); }
  Buffer(Buffer&& other) noexcept { steal(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    clear();
    steal(other);
    return *this;
  }
  ~Buffer() { delete[] more_; }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();

  void append(Slice slice) {
    if (slice.empty()) return;
    size_ += slice.size();
    push(std::move(slice));
  }
  // Moves all of `other` to the back of this; `other` is empty afterwards.
  void append(Buffer&& other);
  // Copies `text` into blocks of `pool`.
  void append(BlockPool& pool, std::string_view text);

  // Room for `count` contiguous bytes at the back (at most BlockPool's largest class); commit()
  // what was written before any other call.
  char* reserve(BlockPool& pool, size_t count);
  void commit(size_t count);

  // The first slice; the buffer is not empty.
  const Slice& front() const { return slices()[first_]; }
  Slice take_front();
  void consume(size_t count);
  // The first `count` bytes move to the result; at most size().
  Buffer take(size_t count);
  // A second chain over the same blocks.
  Buffer share() const;

  // Fills up to `max` entries for writev; returns how many.
  int to_iovec(iovec* out, int max) const;
  std::string to_string() const;

  template <class F>
  void for_each(F&& visit) const {
    for (uint32_t i = first_; i < end_; ++i) visit(slices()[i]);
  }

 private:
  static constexpr uint32_t kInPlace = 2;

  Slice* slices() { return more_ == nullptr ? in_place_ : more_; }
  const Slice* slices() const { return more_ == nullptr ? in_place_ : more_; }
  void push(Slice&& slice) {
    if (end_ == capacity_) make_room();
    slices()[end_++] = std::move(slice);
  }
  void make_room();
  void drop_front();
  // What `other` holds; this holds nothing.
  void steal(Buffer& other) noexcept;

  Slice in_place_[kInPlace];  // unused places, here and in more_, hold empty slices
  Slice* more_ = nullptr;     // once in_place_ was too small
  uint32_t capacity_ = kInPlace;
  uint32_t first_ = 0;  // [first_, end_) are in use; both 0 when there are none
  uint32_t end_ = 0;
  size_t size_ = 0;
};

}  // namespace woad
