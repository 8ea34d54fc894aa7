#include "proxy/context/packed_context.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "proxy/context/table_state.h"
#include "proxy/context/value_store.h"

using namespace woad;

namespace {

constexpr std::array<CarriedHeader, 3> kCarried = {
    {{"x-user-id", "u1"}, {"x-user-id", ""}, {"x-b", "c"}}};

}  // namespace

TEST_CASE("what was packed comes back") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string longest(kMaxContextValue, 'a');
  for (const std::string_view color : {std::string_view(""), std::string_view(longest)}) {
    for (const std::string_view tenant : {std::string_view(""), std::string_view("acme")}) {
      for (const size_t count : {size_t{0}, kCarried.size()}) {
        const ContextRecord record{.values = {color, tenant},
                                   .carried = std::span(kCarried).first(count)};
        const PackedContext packed(record, 9);
        CHECK(packed.whole());
        CHECK(packed.carried_bytes() == (count == 0 ? 0 : 24));
        ContextRecord back;
        unpack(packed.bytes(), back, arena);
        CHECK(back.values == record.values);
        REQUIRE(back.carried.size() == count);
        for (size_t i = 0; i < count; ++i) {
          CHECK(back.carried[i].name == kCarried[i].name);
          CHECK(back.carried[i].value == kCarried[i].value);
        }
      }
    }
  }
}

TEST_CASE("different contexts are different bytes") {
  const ContextRecord records[] = {
      {.values = {"ab", "c"}},
      {.values = {"a", "bc"}},
      {.values = {"abc", ""}},
      {.values = {"ab", "c"}, .carried = std::span(kCarried).first(1)},
      {.values = {"ab", "c"}, .carried = std::span(kCarried).first(2)},
      {.values = {"ab", "c"}, .carried = std::span(kCarried).subspan(1, 1)},
  };
  for (const auto& a : records) {
    for (const auto& b : records) {
      const PackedContext first(a, 1);
      const PackedContext second(b, 1);
      CHECK((first.bytes() == second.bytes()) == (&a == &b));
      CHECK((first.hash() == second.hash()) == (&a == &b));
    }
  }
}

TEST_CASE("headers over a limit are left out as a whole") {
  const std::string big(kMaxCarriedBytes - 3, 'v');
  const struct {
    std::vector<CarriedHeader> carried;
    bool whole;
  } kCases[] = {
      {{{"abc", big}}, true},
      {{{"abcd", big}}, false},
      {{{"abc", big}, {"d", ""}}, false},
      {std::vector<CarriedHeader>(kMaxCarriedFields, {"a", "b"}), true},
      {std::vector<CarriedHeader>(kMaxCarriedFields + 1, {"a", "b"}), false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.carried.size());
    const PackedContext packed({.values = {"red", "t"}, .carried = test.carried}, 1);
    CHECK(packed.whole() == test.whole);
    CHECK(packed_values(packed.bytes()) == ContextValues{"red", "t"});
    if (!test.whole) CHECK(packed.bytes() == PackedContext(ContextValues{"red", "t"}, 1).bytes());
  }
}

TEST_CASE("a context is kept once, and as long as somebody uses it") {
  ValueStore store;
  std::atomic<size_t> carried{0};
  const PackedContext red({.values = {"red", ""}, .carried = std::span(kCarried)}, 1);
  const PackedContext blue(ContextValues{"blue", ""}, 1);
  const uint32_t first = store.take(red, carried);
  const size_t bytes = store.bytes();
  CHECK(store.take(red, carried) == first);
  CHECK(store.bytes() == bytes);
  CHECK(carried == 24);
  const uint32_t other = store.take(blue, carried);
  CHECK(other != first);
  store.give(first, carried);
  CHECK(store.bytes_of(first) == red.bytes());
  store.give(first, carried);
  CHECK(carried == 0);
  CHECK(store.bytes_of(other) == blue.bytes());
  CHECK(store.bytes() == bytes - red.bytes().size() + blue.bytes().size());
}

TEST_CASE("carried bytes are bounded over all stores, contexts without any are not refused") {
  ValueStore store;
  std::atomic<size_t> carried{kMaxTableCarriedBytes - 23};
  const PackedContext red({.values = {"red", ""}, .carried = std::span(kCarried)}, 1);
  CHECK(store.take(red, carried) == kNoItem);
  CHECK(carried == kMaxTableCarriedBytes - 23);
  CHECK(store.take(PackedContext(ContextValues{"red", ""}, 1), carried) != kNoItem);
  carried = kMaxTableCarriedBytes - 24;
  CHECK(store.take(red, carried) != kNoItem);
  CHECK(carried == kMaxTableCarriedBytes);
  CHECK(store.take(red, carried) != kNoItem);
}
