// A bump allocator with the lifetime of one exchange.
//
// Everything an exchange needs (heads, filters, copies of header values) is placed here and freed
// at once; destructors of what is placed here are not run, so place only what needs none, or
// destroy it yourself. Chunks come from an ArenaPool and go back to it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace woad {

// Free chunks of one worker. Keeps at most kMaxFree of them; outlives its arenas.
class ArenaPool {
 public:
  static constexpr size_t kChunkSize = 8192;
  static constexpr size_t kMaxFree = 256;

  // `chunk_size`: smaller where arenas live long and hold little.
  explicit ArenaPool(size_t chunk_size = kChunkSize) : chunk_size_(chunk_size) {}
  ~ArenaPool();
  ArenaPool(const ArenaPool&) = delete;
  ArenaPool& operator=(const ArenaPool&) = delete;

 private:
  friend class Arena;
  struct Chunk {
    Chunk* next;
    size_t size;
  };
  Chunk* take(size_t payload);
  void give(Chunk* chunk);

  size_t chunk_size_;
  Chunk* free_ = nullptr;
  size_t free_count_ = 0;
};

class Arena {
 public:
  explicit Arena(ArenaPool& pool) : pool_(pool) {}
  ~Arena() { clear(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t size, size_t align = alignof(std::max_align_t)) {
    const auto at = (reinterpret_cast<uintptr_t>(cursor_) + align - 1) & ~(align - 1);
    if (at + size > reinterpret_cast<uintptr_t>(limit_) || cursor_ == nullptr) {
      return allocate_slow(size, align);
    }
    cursor_ = reinterpret_cast<char*>(at + size);
    return reinterpret_cast<void*>(at);
  }

  // The object's destructor is the caller's to run, if it has one that matters.
  template <class T, class... Args>
  T* make(Args&&... args) {
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // The texts in a row.
  template <class... Texts>
  std::string_view join(const Texts&... texts) {
    const std::string_view parts[] = {texts...};
    size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    auto* const to = static_cast<char*>(allocate(size, 1));
    char* at = to;
    for (const std::string_view part : parts) at += part.copy(at, part.size());
    return {to, size};
  }

  // Gives every chunk back.
  void clear();

 private:
  void* allocate_slow(size_t size, size_t align);

  ArenaPool& pool_;
  ArenaPool::Chunk* chunks_ = nullptr;
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace woad
