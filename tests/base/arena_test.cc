#include "proxy/base/arena.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace woad {
namespace {

TEST_CASE("what is placed is aligned, keeps its value and does not overlap") {
  ArenaPool pool;
  Arena arena(pool);
  std::vector<std::string_view> texts;
  std::vector<uint64_t*> numbers;
  for (uint64_t i = 0; i < 2000; ++i) {
    texts.push_back(arena.copy(std::string(i % 37, static_cast<char>('a' + i % 26))));
    numbers.push_back(arena.make<uint64_t>(i));
  }
  for (uint64_t i = 0; i < 2000; ++i) {
    CHECK(texts[i] == std::string(i % 37, static_cast<char>('a' + i % 26)));
    CHECK(*numbers[i] == i);
    CHECK(reinterpret_cast<uintptr_t>(numbers[i]) % alignof(uint64_t) == 0);
  }
}

TEST_CASE("pieces larger than a chunk, and of large alignment") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string large(3 * ArenaPool::kChunkSize, 'x');
  CHECK(arena.copy(large) == large);
  for (const size_t align : {size_t{1}, size_t{16}, size_t{64}, size_t{4096}}) {
    for (const size_t size : {size_t{1}, size_t{100}, ArenaPool::kChunkSize}) {
      void* const at = arena.allocate(size, align);
      CHECK(reinterpret_cast<uintptr_t>(at) % align == 0);
      std::memset(at, 1, size);
    }
  }
}

TEST_CASE("copy and join") {
  ArenaPool pool;
  Arena arena(pool);
  CHECK(arena.copy("").empty());
  CHECK(arena.join("", "").empty());
  CHECK(arena.join("ab", "") == "ab");
  CHECK(arena.join("", "cd") == "cd");
  CHECK(arena.join("ab", "cd") == "abcd");
  CHECK(arena.join("a", std::string("bc"), std::string_view(), "d") == "abcd");
}

TEST_CASE("a cleared arena starts again with the pool's chunk") {
  ArenaPool pool;
  Arena arena(pool);
  void* const first = arena.allocate(100);
  arena.clear();
  CHECK(arena.allocate(100) == first);
  Arena other(pool);
  void* const second = other.allocate(100);
  CHECK(second != first);
  other.clear();
  other.clear();
  CHECK(other.allocate(100) == second);
}

}  // namespace
}  // namespace woad
