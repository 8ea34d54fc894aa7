#include "proxy/upstream/breaker.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace woad;
using State = Breaker::State;
using Result = Breaker::Result;
using Change = Breaker::Change;

namespace {

constexpr BreakerRules kRules{seconds(10), 4, 0.5, seconds(1), seconds(4), 2};

struct World {
  Breaker breaker;
  MonoTime now{hours(5)};

  Breaker::Entry enter() { return breaker.enter(now, kRules); }
  Change leave(const Breaker::Entry& entry, Result result) {
    return breaker.leave(entry, result, now, kRules);
  }
  Change one(Result result) {
    const auto entry = enter();
    REQUIRE(entry.admitted);
    return leave(entry, result);
  }
  void open() {
    for (int i = 0; i < 3; ++i) CHECK(one(Result::kFailed) == Change::kNone);
    CHECK(one(Result::kFailed) == Change::kOpened);
  }
};

TEST_CASE("breaker: opens by ratio, with a minimum of requests") {
  struct Case {
    int good, failed;  // in this order
    State state;
  };
  for (const Case& each :
       {Case{0, 3, State::kClosed}, Case{0, 4, State::kOpen}, Case{3, 2, State::kClosed},
        Case{3, 3, State::kOpen}, Case{100, 99, State::kClosed}, Case{100, 100, State::kOpen}}) {
    CAPTURE(each.failed);
    World world;
    for (int i = 0; i < each.good; ++i) CHECK(world.one(Result::kGood) == Change::kNone);
    for (int i = 0; i < each.failed; ++i) (void)world.one(Result::kFailed);
    CHECK(world.breaker.state() == each.state);
  }
}

TEST_CASE("breaker: what was given up counts for nothing") {
  World world;
  for (int i = 0; i < 100; ++i) CHECK(world.one(Result::kUnknown) == Change::kNone);
  for (int i = 0; i < 3; ++i) (void)world.one(Result::kFailed);
  CHECK(world.breaker.state() == State::kClosed);
}

TEST_CASE("breaker: probes close it") {
  World world;
  world.open();
  CHECK(world.enter().wait == seconds(1));
  world.now += milliseconds(400);
  CHECK(world.enter().wait == milliseconds(600));
  world.now += milliseconds(600);
  const auto first = world.enter();
  CHECK(world.breaker.state() == State::kHalfOpen);
  const auto second = world.enter();
  CHECK(first.admitted);
  CHECK(second.admitted);
  CHECK_FALSE(world.enter().admitted);
  CHECK(world.leave(first, Result::kGood) == Change::kNone);
  CHECK_FALSE(world.enter().admitted);
  CHECK(world.leave(second, Result::kGood) == Change::kClosed);
  CHECK(world.breaker.state() == State::kClosed);
  for (int i = 0; i < 3; ++i) CHECK(world.one(Result::kFailed) == Change::kNone);  // begins anew
}

TEST_CASE("breaker: a probe that was given up is another's") {
  World world;
  world.open();
  world.now += seconds(1);
  const auto first = world.enter();
  (void)world.enter();
  CHECK_FALSE(world.enter().admitted);
  CHECK(world.leave(first, Result::kUnknown) == Change::kNone);
  CHECK(world.enter().admitted);
}

TEST_CASE("breaker: probes without an end make way for others") {
  World world;
  world.open();
  world.now += minutes(5);  // nobody came
  const auto first = world.enter();
  (void)world.enter();
  CHECK_FALSE(world.enter().admitted);
  world.now += seconds(15);
  const auto third = world.enter();
  const auto fourth = world.enter();
  CHECK(third.admitted);
  CHECK(fourth.admitted);
  CHECK_FALSE(world.enter().admitted);
  CHECK(world.leave(first, Result::kFailed) == Change::kNone);
  CHECK(world.leave(third, Result::kGood) == Change::kNone);
  CHECK(world.leave(fourth, Result::kGood) == Change::kClosed);
}

TEST_CASE("breaker: opens again for twice as long, up to a cap") {
  World world;
  world.open();
  for (const int length : {1, 2, 4, 4}) {
    CHECK(world.enter().wait == seconds(length));
    CHECK(world.breaker.opened_for(kRules) == seconds(length));
    world.now += seconds(length);
    CHECK(world.one(Result::kFailed) == Change::kOpened);
  }
  world.now += seconds(4);
  CHECK(world.one(Result::kGood) == Change::kNone);
  CHECK(world.one(Result::kGood) == Change::kClosed);
  world.open();
  CHECK(world.enter().wait == seconds(1));
}

TEST_CASE("breaker: results of an earlier state are not counted") {
  World world;
  const auto early = world.enter();
  world.open();
  CHECK(world.leave(early, Result::kGood) == Change::kNone);
  world.now += seconds(1);
  const auto probe = world.enter();
  CHECK(world.leave(early, Result::kFailed) == Change::kNone);
  CHECK(world.breaker.state() == State::kHalfOpen);
  CHECK(world.leave(probe, Result::kFailed) == Change::kOpened);
}

TEST_CASE("breaker: by hand") {
  World world;
  world.breaker.force(Breaker::Forced::kOpen);
  CHECK(world.breaker.state() == State::kOpen);
  CHECK_FALSE(world.enter().admitted);
  CHECK(world.enter().wait == Duration(0));
  world.breaker.force(Breaker::Forced::kClosed);
  for (int i = 0; i < 100; ++i) CHECK(world.one(Result::kFailed) == Change::kNone);
  world.breaker.force(Breaker::Forced::kNot);
  CHECK(world.breaker.state() == State::kClosed);
  world.open();
}

TEST_CASE("breaker: workers see one change") {
  for (int round = 0; round < 50; ++round) {
    World world;
    std::atomic<int> opened{0};
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          const auto entry = world.enter();
          if (entry.admitted && world.leave(entry, Result::kFailed) == Change::kOpened) ++opened;
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    CHECK(opened == 1);
    CHECK(world.breaker.state() == State::kOpen);
  }
}

}  // namespace
