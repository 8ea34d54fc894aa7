#include "proxy/base/arena.h"

#include <cstdlib>

#include "proxy/base/result.h"

namespace woad {

ArenaPool::~ArenaPool() {
  while (free_ != nullptr) {
    std::free(std::exchange(free_, free_->next));
  }
}

ArenaPool::Chunk* ArenaPool::take(size_t payload) {
  const size_t needed = payload + sizeof(Chunk);
  if (needed <= chunk_size_ && free_ != nullptr) {
    Chunk* chunk = std::exchange(free_, free_->next);
    --free_count_;
    return chunk;
  }
  const size_t size = needed <= chunk_size_ ? chunk_size_ : needed;
  auto* chunk = static_cast<Chunk*>(std::malloc(size));
  WOAD_ASSERT(chunk != nullptr);
  chunk->size = size;
  return chunk;
}

void ArenaPool::give(Chunk* chunk) {
  if (chunk->size != chunk_size_ || free_count_ >= kMaxFree) {
    std::free(chunk);
    return;
  }
  chunk->next = free_;
  free_ = chunk;
  ++free_count_;
}

void Arena::clear() {
  while (chunks_ != nullptr) {
    pool_.give(std::exchange(chunks_, chunks_->next));
  }
  cursor_ = limit_ = nullptr;
}

void* Arena::allocate_slow(size_t size, size_t align) {
  auto* chunk = pool_.take(size + align);
  chunk->next = chunks_;
  chunks_ = chunk;
  cursor_ = reinterpret_cast<char*>(chunk + 1);
  limit_ = reinterpret_cast<char*>(chunk) + chunk->size;
  const auto at = (reinterpret_cast<uintptr_t>(cursor_) + align - 1) & ~(align - 1);
  cursor_ = reinterpret_cast<char*>(at + size);
  return reinterpret_cast<void*>(at);
}

}  // namespace woad
