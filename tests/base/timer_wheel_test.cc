#include "proxy/base/timer_wheel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/base/random.h"

namespace woad {
namespace {

constexpr MonoTime kStart{hours(1000) + microseconds(123)};

struct Probe {
  explicit Probe(TimerWheel& wheel_in)
      : wheel(wheel_in), timer(wheel_in, bind_timer<&Probe::on_timer>(this)) {}
  void on_timer() {
    ++fired;
    fired_at = wheel.now();
    if (action) action();
  }
  TimerWheel& wheel;
  Timer timer;
  int fired = 0;
  MonoTime fired_at{};
  std::function<void()> action;
};

TEST_CASE("one timer, at all distances: never early, at most a tick late") {
  for (const Duration delay :
       {Duration(0), Duration(1), Duration(microseconds(999)), Duration(milliseconds(1)),
        Duration(milliseconds(63)), Duration(milliseconds(64)), Duration(milliseconds(65)),
        Duration(milliseconds(4095)), Duration(milliseconds(4096)), Duration(seconds(15)),
        Duration(minutes(5)), Duration(hours(1)), Duration(hours(24 * 30)),
        Duration(TimerWheel::kLongest)}) {
    CAPTURE(delay.count());
    TimerWheel wheel(kStart);
    wheel.advance(kStart + microseconds(4567));
    const MonoTime armed_at = wheel.now();
    Probe probe(wheel);
    probe.timer.arm(delay);
    CHECK(probe.timer.armed());
    // As the loop does: to whenever the wheel wants, one nanosecond short of it first.
    for (int turns = 0; probe.fired == 0 && turns < 100; ++turns) {
      const MonoTime next = wheel.next_due();
      REQUIRE(next != MonoTime::max());
      wheel.advance(next - Duration(1));
      CHECK((probe.fired == 0 || wheel.now() >= armed_at + delay));
      wheel.advance(next);
    }
    REQUIRE(probe.fired == 1);
    CHECK(probe.fired_at >= armed_at + delay);
    CHECK(probe.fired_at <= armed_at + delay + 2 * TimerWheel::kTick);
    CHECK(!probe.timer.armed());
    CHECK(wheel.next_due() == MonoTime::max());
  }
}

TEST_CASE("callbacks may arm, disarm and destroy") {
  TimerWheel wheel(kStart);
  Probe again(wheel);
  auto doomed = std::make_unique<Probe>(wheel);
  Probe stopped(wheel);
  again.action = [&] {
    if (again.fired < 3) again.timer.arm(milliseconds(1));
    doomed.reset();
    stopped.timer.disarm();
  };
  again.timer.arm(milliseconds(5));
  doomed->timer.arm(milliseconds(5));
  stopped.timer.arm(milliseconds(5));
  for (int i = 1; i <= 20; ++i) wheel.advance(kStart + i * milliseconds(1));
  CHECK(again.fired == 3);
  CHECK(stopped.fired == 0);
}

TEST_CASE("time does not go back, and a long sleep fires everything once") {
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 500; ++i) {
    probes.push_back(std::make_unique<Probe>(wheel));
    probes.back()->timer.arm(i * i * milliseconds(1));
  }
  wheel.advance(kStart - seconds(1));
  CHECK(wheel.now() == kStart);
  wheel.advance(kStart + hours(1));
  CHECK(std::all_of(probes.begin(), probes.end(), [](const auto& p) { return p->fired == 1; }));
}

// The naive model: a list of due times.
TEST_CASE("random arming, moving, disarming and advancing against a naive model") {
  constexpr size_t kTimers = 40;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    TimerWheel wheel(kStart);
    std::vector<std::unique_ptr<Probe>> probes;
    std::vector<std::optional<MonoTime>> due(kTimers);
    for (size_t i = 0; i < kTimers; ++i) probes.push_back(std::make_unique<Probe>(wheel));
    for (int step = 0; step < 600; ++step) {
      const size_t index = random.below(kTimers);
      const auto span = static_cast<int64_t>(uint64_t{1} << (10 + random.below(36)));
      const Duration delay(static_cast<int64_t>(random.below(static_cast<uint64_t>(span))));
      switch (random.below(4)) {
        case 0:
        case 1:
          probes[index]->timer.arm(delay);
          due[index] = wheel.now() + delay;
          break;
        case 2:
          probes[index]->timer.disarm();
          due[index].reset();
          break;
        default: {
          const MonoTime target = wheel.now() + delay / 8;
          std::vector<int> before;
          for (const auto& probe : probes) before.push_back(probe->fired);
          wheel.advance(target);
          for (size_t i = 0; i < kTimers; ++i) {
            const bool fired = probes[i]->fired > before[i];
            if (fired) {
              REQUIRE(due[i]);
              REQUIRE(*due[i] <= target);
              due[i].reset();
            } else if (due[i]) {
              REQUIRE(*due[i] > target - 2 * TimerWheel::kTick);
            }
            REQUIRE(probes[i]->timer.armed() == due[i].has_value());
          }
          break;
        }
      }
      // Early is allowed, late is not.
      for (const auto& time : due) {
        if (time) REQUIRE(wheel.next_due() <= *time + 2 * TimerWheel::kTick);
      }
    }
  }
}

}  // namespace
}  // namespace woad
