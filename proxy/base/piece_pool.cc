#include "proxy/base/piece_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "proxy/base/result.h"

namespace woad {

PiecePool::~PiecePool() {
  for (Piece*& list : free_) {
    while (list != nullptr) std::free(std::exchange(list, list->next_free));
  }
}

void* PiecePool::take(size_t size) {
  const size_t index = size == 0 ? 0 : (size - 1) / kStep;
  if (index < kSizes && free_[index] != nullptr) {
    Piece* piece = std::exchange(free_[index], free_[index]->next_free);
    kept_[index] -= piece->capacity;
    return piece->data();
  }
  const size_t capacity = index < kSizes ? (index + 1) * kStep : size;
  auto* piece = static_cast<Piece*>(std::malloc(sizeof(Piece) + capacity));
  WOAD_ASSERT(piece != nullptr);
  piece->capacity = capacity;
  return piece->data();
}

void PiecePool::give(void* data) {
  if (data == nullptr) return;
  Piece* piece = of(data);
  const size_t index = piece->capacity / kStep - 1;
  if (index >= kSizes || kept_[index] >= kKeepBytes) {
    std::free(piece);
    return;
  }
  kept_[index] += piece->capacity;
  piece->next_free = free_[index];
  free_[index] = piece;
}

void* PiecePool::resize(void* data, size_t size) {
  if (data == nullptr) return take(size);
  const size_t capacity = of(data)->capacity;
  if (size <= capacity && capacity <= kLargest) return data;
  void* larger = take(size);
  std::memcpy(larger, data, std::min(size, capacity));
  give(data);
  return larger;
}

}  // namespace woad
