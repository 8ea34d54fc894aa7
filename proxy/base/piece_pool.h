// Small memory of any size for what cannot be placed in an arena, such as a library's objects.
//
// Like malloc(), but the pieces of one worker, without locks: what was given back is taken again
// first. One thread.
#pragma once

#include <array>
#include <cstddef>

namespace woad {

class PiecePool {
 public:
  // Larger pieces come from malloc() and go back to it.
  static constexpr size_t kLargest = 2048;
  // At most this many idle bytes are kept for each size.
  static constexpr size_t kKeepBytes = 256 * 1024;

  PiecePool() = default;
  ~PiecePool();
  PiecePool(const PiecePool&) = delete;
  PiecePool& operator=(const PiecePool&) = delete;

  // At least `size` bytes, aligned for anything; never nullptr.
  void* take(size_t size);
  // Of this pool, or nullptr.
  void give(void* piece);
  // As realloc(): the content moves, up to the smaller of both sizes. `piece` may be nullptr.
  void* resize(void* piece, size_t size);

 private:
  static constexpr size_t kStep = 32;
  static constexpr size_t kSizes = kLargest / kStep;

  // In front of each piece.
  struct alignas(std::max_align_t) Piece {
    Piece* next_free;
    size_t capacity;

    void* data() { return this + 1; }
  };
  static Piece* of(void* data) { return static_cast<Piece*>(data) - 1; }

  std::array<Piece*, kSizes> free_{};
  std::array<size_t, kSizes> kept_{};
};

}  // namespace woad
