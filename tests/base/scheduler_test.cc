#include "proxy/base/scheduler.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace woad {
namespace {

struct Step final : TurnEnd {
  Step(std::string& log_in, char name_in) : log(log_in), name(name_in) {}
  void on_turn_end() override {
    log += name;
    if (next != nullptr) scheduler->at_turn_end(*std::exchange(next, nullptr));
    if (victim != nullptr) scheduler->defer_delete(std::move(victim));
  }
  std::string& log;
  char name;
  Scheduler* scheduler = nullptr;
  Step* next = nullptr;
  std::unique_ptr<Deferred> victim;
};

struct Grave final : Deferred {
  Grave(std::string& log_in, Scheduler& scheduler_in) : log(log_in), scheduler(scheduler_in) {}
  ~Grave() override {
    log += '+';
    if (heir != nullptr) scheduler.defer_delete(std::move(heir));
  }
  std::string& log;
  Scheduler& scheduler;
  std::unique_ptr<Deferred> heir;
};

TEST_CASE("the end of a turn: each action once, deaths after actions, until nothing is left") {
  std::string log;
  Scheduler scheduler{MonoTime{}};
  Step a(log, 'a');
  Step b(log, 'b');
  a.scheduler = b.scheduler = &scheduler;
  a.next = &b;
  auto grave = std::make_unique<Grave>(log, scheduler);
  grave->heir = std::make_unique<Grave>(log, scheduler);
  b.victim = std::move(grave);
  CHECK(scheduler.turn_is_over());
  scheduler.at_turn_end(a);
  scheduler.at_turn_end(a);
  CHECK(!scheduler.turn_is_over());
  scheduler.end_turn();
  CHECK(log == "ab++");
  CHECK(scheduler.turn_is_over());
}

TEST_CASE("an action that dies before the end is forgotten") {
  std::string log;
  Scheduler scheduler{MonoTime{}};
  {
    Step gone(log, 'x');
    scheduler.at_turn_end(gone);
  }
  scheduler.end_turn();
  CHECK(log.empty());
}

TEST_CASE("wall time goes along with the monotonic time and can be set") {
  Scheduler scheduler(MonoTime(seconds(5)), WallTime(seconds(1000)));
  CHECK(scheduler.wall() == WallTime(seconds(1000)));
  scheduler.advance(MonoTime(seconds(7)));
  CHECK(scheduler.wall() == WallTime(seconds(1002)));
  scheduler.set_wall(WallTime(seconds(2000)));
  scheduler.advance(MonoTime(seconds(8)));
  CHECK(scheduler.wall() == WallTime(seconds(2001)));
  CHECK(scheduler.now() == MonoTime(seconds(8)));
}

}  // namespace
}  // namespace woad
