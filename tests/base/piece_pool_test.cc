#include "proxy/base/piece_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "proxy/base/random.h"

namespace woad {
namespace {

TEST_CASE("pieces: what was given back is taken again, by size") {
  PiecePool pool;
  struct Row {
    size_t first;
    size_t second;
    bool same;
  };
  for (const Row& row : {Row{1, 32, true}, Row{0, 32, true}, Row{33, 64, true}, Row{32, 33, false},
                         Row{993, 1024, true}}) {
    CAPTURE(row.first);
    CAPTURE(row.second);
    void* const piece = pool.take(row.first);
    CHECK(reinterpret_cast<uintptr_t>(piece) % alignof(std::max_align_t) == 0);
    pool.give(piece);
    void* const again = pool.take(row.second);
    CHECK((again == piece) == row.same);
    pool.give(again);
  }
  pool.give(nullptr);
}

// Each piece is filled with a byte of its own, which must still be there at its end.
TEST_CASE("pieces: random lives of any size keep what is in them") {
  struct Live {
    unsigned char* data;
    size_t size;
    unsigned char mark;
  };
  PiecePool pool;
  Random random(7);
  std::vector<Live> live;
  const auto intact = [](const Live& piece, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      if (piece.data[i] != piece.mark) return false;
    }
    return true;
  };
  for (int step = 0; step < 20000; ++step) {
    const size_t size = random.below(random.below(10) == 0 ? 5000 : 600);
    const uint64_t what = live.empty() ? 0 : random.below(3);
    if (what == 0) {
      Live piece{
          static_cast<unsigned char*>(step % 2 == 0 ? pool.take(size) : pool.resize(nullptr, size)),
          size, static_cast<unsigned char>(random.below(256))};
      std::memset(piece.data, piece.mark, size);
      live.push_back(piece);
      continue;
    }
    Live& piece = live[random.below(live.size())];
    if (what == 1) {
      piece.data = static_cast<unsigned char*>(pool.resize(piece.data, size));
      REQUIRE(intact(piece, std::min(size, piece.size)));
      piece.size = size;
      std::memset(piece.data, piece.mark, size);
    } else {
      REQUIRE(intact(piece, piece.size));
      pool.give(piece.data);
      piece = live.back();
      live.pop_back();
    }
  }
  for (const Live& piece : live) pool.give(piece.data);
}

// More is given back than is kept: the rest goes to the system, which only a leak or a double free
// under the sanitizers would tell.
TEST_CASE("pieces: a burst above what is kept") {
  PiecePool pool;
  std::vector<void*> burst;
  for (size_t bytes = 0; bytes < 2 * PiecePool::kKeepBytes; bytes += 512) {
    burst.push_back(pool.take(512));
  }
  for (void* piece : burst) pool.give(piece);
  size_t known = 0;
  std::vector<void*> again;
  for (size_t bytes = 0; bytes < PiecePool::kKeepBytes; bytes += 512) {
    again.push_back(pool.take(512));
    for (const void* piece : burst) known += piece == again.back() ? 1 : 0;
  }
  CHECK(known == again.size());
  for (void* piece : again) pool.give(piece);
}

}  // namespace
}  // namespace woad
