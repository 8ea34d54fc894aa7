#include "proxy/upstream/outcome_window.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace woad;

namespace {

constexpr MonoTime kStart{hours(5)};

TEST_CASE("outcome window: what slides out is forgotten") {
  TryWindow window;
  for (int i = 0; i < 10; ++i) window.add(kStart, i < 4);
  window.add(kStart + seconds(5), true);
  struct Case {
    Duration later, length;
    uint64_t all, failed;
  };
  const Case cases[] = {
      {seconds(0), seconds(10), 10, 4},  {seconds(5), seconds(10), 11, 5},
      {seconds(5), seconds(1), 1, 1},    {milliseconds(9'999), seconds(10), 11, 5},
      {seconds(10), seconds(10), 1, 1},  {seconds(16), seconds(10), 0, 0},
      {seconds(16), seconds(60), 11, 5}, {seconds(64), seconds(60), 1, 1},
      {hours(48), seconds(60), 0, 0},
  };
  for (const Case& each : cases) {
    CAPTURE(each.later.count());
    const auto counts = window.over(kStart + each.later, each.length);
    CHECK(counts.all == each.all);
    CHECK(counts.failed == each.failed);
  }
  window.clear();
  CHECK(window.over(kStart + seconds(5), seconds(60)).all == 0);
}

TEST_CASE("outcome window: a slot is used again") {
  TryWindow window;
  window.add(kStart, true);
  window.add(kStart + seconds(64), false);  // the same slot of the ring
  const auto counts = window.over(kStart + seconds(64), seconds(60));
  CHECK(counts.all == 1);
  CHECK(counts.failed == 0);
}

TEST_CASE("outcome window: workers count together") {
  TryWindow window;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      for (int i = 0; i < 5000; ++i) window.add(kStart, worker == 0);
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(window.over(kStart, seconds(1)).all == 20'000);
  CHECK(window.over(kStart, seconds(1)).failed == 5'000);
}

}  // namespace
