#include "proxy/base/random.h"

#include <doctest/doctest.h>

#include <array>

namespace woad {
namespace {

TEST_CASE("a seed repeats; seeds differ; zero is a seed") {
  Random first(7);
  Random again(7);
  Random other(8);
  Random zero(0);
  bool differ = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = first.next();
    CHECK(value == again.next());
    differ = differ || value != other.next();
  }
  CHECK(differ);
  CHECK(zero.next() != zero.next());
}

TEST_CASE("below() and unit() are in range and even") {
  Random random(1);
  std::array<int, 7> counts{};
  double sum = 0;
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t value = random.below(counts.size());
    REQUIRE(value < counts.size());
    ++counts[value];
    const double unit = random.unit();
    REQUIRE(unit >= 0);
    REQUIRE(unit < 1);
    sum += unit;
  }
  for (const int count : counts) {
    CHECK(count > 9'500);
    CHECK(count < 10'500);
  }
  CHECK(sum / kDraws == doctest::Approx(0.5).epsilon(0.02));
  CHECK(random.below(1) == 0);
}

}  // namespace
}  // namespace woad
