#include "proxy/net/loop.h"

#include <doctest/doctest.h>

#include <csignal>
#include <thread>

#include "proxy/net/signal.h"
#include "tests/net/harness.h"

namespace woad::test {
namespace {

struct Tick {
  explicit Tick(Loop& loop) : timer(loop.scheduler().timers(), bind_timer<&Tick::on_timer>(this)) {}
  void on_timer() {
    ++fired;
    if (action) action();
  }
  Timer timer;
  int fired = 0;
  std::function<void()> action;
};

TEST_CASE("timers fire in order, never early, and an earlier one re-arms the wait") {
  Loop loop;
  std::string order;
  Tick late(loop);
  Tick early(loop);
  late.action = [&] { order += "late"; };
  early.action = [&] { order += "early "; };
  const MonoTime begin = std::chrono::steady_clock::now();
  late.timer.arm(milliseconds(30));
  loop.post([&] { early.timer.arm(milliseconds(5)); });
  REQUIRE(run_until(loop, [&] { return late.fired == 1; }));
  CHECK(order == "early late");
  CHECK(std::chrono::steady_clock::now() - begin >= milliseconds(29));
}

TEST_CASE("an idle loop waits; a disarmed timer costs at most one turn") {
  Loop loop;
  Tick gone(loop);
  gone.timer.arm(milliseconds(5));
  loop.post([&] { gone.timer.disarm(); });
  CHECK(turns_in(loop, milliseconds(60)) < 20);
  CHECK(gone.fired == 0);
}

TEST_CASE("tasks from other threads run in order on the loop's thread, then run() ends") {
  Loop loop;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  poster.join();
  REQUIRE(seen.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(seen[static_cast<size_t>(i)] == i);
}

struct Counting final : TurnEnd {
  void on_turn_end() override {
    ++ends;
    if (again != nullptr) std::exchange(again, nullptr)->at_turn_end(*this);
  }
  int ends = 0;
  Scheduler* again = nullptr;
};

struct Dying final : Deferred {
  explicit Dying(int& deaths_in) : deaths(deaths_in) {}
  ~Dying() override { ++deaths; }
  int& deaths;
};

struct Owned final : LoopOwned {
  explicit Owned(int& deaths_in) : deaths(deaths_in) {}
  ~Owned() override { ++deaths; }
  int& deaths;
};

TEST_CASE("turn ends and deaths come before the loop waits, and on its last turn too") {
  int deaths = 0;
  Counting counting;
  {
    Loop loop;
    loop.post([&] {
      counting.again = &loop.scheduler();
      loop.scheduler().at_turn_end(counting);
      loop.scheduler().defer_delete(std::make_unique<Dying>(deaths));
    });
    REQUIRE(run_until(loop, [&] { return deaths == 1; }));
    CHECK(counting.ends == 2);
    loop.post([&] {
      loop.scheduler().defer_delete(std::make_unique<Dying>(deaths));
      loop.own(std::make_unique<Owned>(deaths));
      loop.stop();
    });
    loop.run();
    CHECK(deaths == 3);
    CHECK(!loop.has_owned());
    auto owned = std::make_unique<Owned>(deaths);
    Owned& raw = *owned;
    loop.own(std::move(owned));
    loop.own(std::make_unique<Owned>(deaths));
    loop.disown(raw);
    CHECK(deaths == 3);
  }
  CHECK(deaths == 5);
}

TEST_CASE("wall time follows the system clock") {
  Loop loop;
  const auto difference =
      std::chrono::abs(loop.scheduler().wall() - std::chrono::system_clock::now());
  CHECK(difference < seconds(60));
}

TEST_CASE("signals come as events and may end their own watch") {
  Loop loop;
  int raised = 0;
  auto once = std::make_unique<Signal>(loop, SIGUSR2, [&] { ++raised; });
  std::raise(SIGUSR2);
  REQUIRE(run_until(loop, [&] { return raised == 1; }));
  auto self = std::make_unique<Signal>(loop, SIGUSR1, [] {});
  self = std::make_unique<Signal>(loop, SIGUSR1, [&] {
    ++raised;
    self.reset();
  });
  std::raise(SIGUSR1);
  REQUIRE(run_until(loop, [&] { return raised == 2; }));
  CHECK(self == nullptr);
}

}  // namespace
}  // namespace woad::test
