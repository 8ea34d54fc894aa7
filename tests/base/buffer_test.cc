#include "proxy/base/buffer.h"

#include <doctest/doctest.h>

#include <cstring>

#include "proxy/base/random.h"

namespace woad {
namespace {

Slice slice_of(BlockPool& pool, std::string_view text) {
  Block* block = pool.take(text.size());
  std::memcpy(block->data(), text.data(), text.size());
  return {block, block->data(), text.size()};
}

TEST_CASE("blocks: the smallest class that fits; the last reference gives it back") {
  BlockPool pool;
  struct Row {
    size_t asked;
    uint32_t capacity;
  };
  for (const Row& row : {Row{1, 2048}, Row{2048, 2048}, Row{2049, 16384}, Row{16385, 32768},
                         Row{32769, 65536}, Row{65537, 262144}, Row{262144, 262144}}) {
    CAPTURE(row.asked);
    Block* const block = pool.take(row.asked);
    CHECK(block->capacity == row.capacity);
    {
      const Slice slice(block, block->data(), 1);
      const Slice copy = slice;
      const Slice part = slice.part(0, 1);
      CHECK(block->refs == 3);
    }
    Block* const again = pool.take(row.asked);
    CHECK(again == block);
    const Slice give_back(again, again->data(), 0);
  }
}

TEST_CASE("slices: copies share, moves empty the source, prefixes go") {
  BlockPool pool;
  Slice first = slice_of(pool, "hello world");
  Slice second = first.part(6, 5);
  first.remove_prefix(1);
  CHECK(first.view() == "ello world");
  Slice moved = std::move(first);
  CHECK(first.empty());
  CHECK(first.data() == nullptr);
  CHECK(moved.view() == "ello world");
  moved = second;
  CHECK(moved.view() == "world");
  moved = Slice::of_static("literal");
  CHECK(second.view() == "world");
  CHECK(moved.view() == "literal");
}

TEST_CASE("reserve and commit fill blocks without gaps, and leave shared blocks alone") {
  BlockPool pool;
  Buffer buffer;
  for (int i = 0; i < 300; ++i) {
    std::memcpy(buffer.reserve(pool, 10), "0123456789", 10);
    buffer.commit(10);
  }
  CHECK(buffer.size() == 3000);
  iovec pieces[8];
  CHECK(buffer.to_iovec(pieces, 8) == 2);
  const Buffer shared = buffer.share();
  std::memcpy(buffer.reserve(pool, 3), "end", 3);
  buffer.commit(3);
  CHECK(shared.size() == 3000);
  CHECK(buffer.to_string().ends_with("789end"));
  buffer.reserve(pool, 5);
  buffer.commit(0);
  CHECK(buffer.size() == 3003);
}

TEST_CASE("to_iovec stops at its limit") {
  Buffer buffer;
  for (int i = 0; i < 10; ++i) buffer.append(Slice::of_static("ab"));
  iovec pieces[4];
  REQUIRE(buffer.to_iovec(pieces, 4) == 4);
  CHECK(pieces[3].iov_len == 2);
  CHECK(Buffer().to_iovec(pieces, 4) == 0);
}

TEST_CASE("long and short chains: moving one over another lets the other's blocks go") {
  struct Row {
    int from;
    int over;
  };
  for (const Row& row : {Row{1, 1}, Row{2, 5}, Row{5, 2}, Row{5, 7}, Row{0, 3}, Row{3, 0}}) {
    CAPTURE(row.from);
    CAPTURE(row.over);
    BlockPool pool;
    Block* const block = pool.take(1);
    const Slice held(block, block->data(), 1);
    Buffer source;
    std::string expected;
    for (int i = 0; i < row.from; ++i) {
      source.append(
          Slice::of_static(std::string_view("abcdefg").substr(static_cast<size_t>(i), 1)));
      expected += "abcdefg"[i];
    }
    Buffer target;
    for (int i = 0; i < row.over; ++i) target.append(held);
    CHECK(block->refs == 1 + static_cast<uint32_t>(row.over));
    target = std::move(source);
    CHECK(block->refs == 1);
    CHECK(target.to_string() == expected);
    CHECK(source.empty());
    source.append(Slice::of_static("again"));
    CHECK(source.to_string() == "again");
    target.append(std::move(source));
    CHECK(target.to_string() == expected + "again");
  }
}

TEST_CASE("a chain that is filled and emptied at once stays in order") {
  Buffer queue;
  std::string out;
  std::string in;
  for (int i = 0; i < 1000; ++i) {
    const std::string_view letter =
        std::string_view("abcdefghijklmnop").substr(static_cast<size_t>(i % 16), 1);
    queue.append(Slice::of_static(letter));
    in += letter;
    if (i % 3 != 0) out += queue.take_front().view();
  }
  while (!queue.empty()) out += queue.take_front().view();
  CHECK(out == in);
}

// Every operation is compared with the same one on a string.
TEST_CASE("random operations against a string") {
  BlockPool pool;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Buffer buffer;
    std::string model;
    const auto text = [&](size_t most) {
      return std::string(random.below(most), static_cast<char>('a' + random.below(26)));
    };
    for (int step = 0; step < 400; ++step) {
      const std::string piece = text(random.below(20) == 0 ? 40000 : 40);
      const size_t count = random.below(model.size() + 1);
      switch (random.below(8)) {
        case 0:
          buffer.append(pool, piece);
          model += piece;
          break;
        case 1:
          if (!piece.empty()) buffer.append(slice_of(pool, piece));
          model += piece;
          break;
        case 2: {
          Buffer other;
          other.append(pool, piece);
          buffer.append(std::move(other));
          CHECK(other.empty());
          model += piece;
          break;
        }
        case 3:
          buffer.consume(count);
          model.erase(0, count);
          break;
        case 4: {
          const Buffer head = buffer.take(count);
          CHECK(head.to_string() == model.substr(0, count));
          model.erase(0, count);
          break;
        }
        case 5:
          if (!buffer.empty()) {
            const Slice front = buffer.take_front();
            CHECK(front.view() == std::string_view(model).substr(0, front.size()));
            model.erase(0, front.size());
          }
          break;
        case 6: {
          Buffer moved = std::move(buffer);
          CHECK(buffer.empty());
          buffer = std::move(moved);
          CHECK(moved.empty());
          break;
        }
        default:
          if (random.below(10) == 0) {
            buffer.clear();
            model.clear();
          }
          break;
      }
      REQUIRE(buffer.size() == model.size());
      REQUIRE(buffer.empty() == model.empty());
    }
    CHECK(buffer.to_string() == model);
    CHECK(buffer.share().to_string() == model);
  }
}

}  // namespace
}  // namespace woad
