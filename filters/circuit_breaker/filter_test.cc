#include "filters/circuit_breaker/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Settings = CircuitBreakerSettings;
using Kind = HeadVerdict::Kind;

Service make_service(HealthTable& table, std::initializer_list<std::string_view> colors,
                     int instances) {
  Service service("price");
  for (const std::string_view color : colors) {
    Pool& pool = service.pool_for(color, "");
    for (int i = 0; i < instances; ++i) {
      const std::string name =
          "10.0." + std::to_string(color.size()) + "." + std::to_string(i + 1) + ":80";
      pool.endpoints.push_back({.address = *Address::parse(name), .name = name});
    }
  }
  service.finish(table);
  return service;
}

// A service and the exchanges that come to it, one after the other.
struct World {
  explicit World(Settings given = {}, int instances = 3)
      : settings(given), service(make_service(table, {"", "red"}, instances)) {}

  struct Try {
    Try(World& world, std::string_view color)
        : bench(world.settings), pool(*world.service.find_pool(color, "")) {
      bench.pass(world.passed);
      AttemptPlan plan{world.service, 1, &pool};
      HeadVerdict verdict = bench.filter().on_attempt(plan, bench.request);
      waits = verdict.kind() == Kind::kWait;
      if (verdict.kind() == Kind::kReply) refusal = verdict.take_reply();
    }
    void ends(Outcome outcome, size_t instance = 0) {
      if (outcome.kind != Outcome::Kind::kNotMade) outcome.endpoint = &pool.endpoints[instance];
      bench.filter().on_outcome(outcome);
    }
    void answers(int status, size_t instance = 0) {
      bench.response.status = status;
      ends({.kind = Outcome::Kind::kAccepted, .response = &bench.response}, instance);
    }

    test::FilterBench<CircuitBreakerFilter> bench;
    const Pool& pool;
    bool waits = false;
    std::optional<LocalReply> refusal;
  };

  // Whether it was let in.
  bool answers(int status, size_t instance = 0, std::string_view color = "") {
    Try one(*this, color);
    if (!one.refusal) one.answers(status, instance);
    return !one.refusal;
  }
  Breaker::State state(std::string_view color = "") const {
    return service.find_pool(color, "")->health->breaker.state();
  }
  Ejection& ejection(size_t instance) const {
    return service.find_pool("", "")->endpoints[instance].health->ejection;
  }
  // Lets the instance fail until it would be put out.
  void fail(size_t instance) {
    for (uint32_t i = 0; i < settings.eject.consecutive; ++i) answers(503, instance);
  }

  Settings settings;
  HealthTable table;
  Service service;
  Duration passed{};
};

TEST_CASE("circuit_breaker: what counts as failed") {
  using enum Outcome::Kind;
  using enum Breaker::Result;
  ArenaPool arenas;
  Arena arena{arenas};
  ResponseHead response{arena};
  const struct {
    Outcome::Kind kind;
    int status;
    ErrorCode error;
    Breaker::Result result;
  } cases[] = {
      {kAccepted, 200, ErrorCode::kNone, kGood},
      {kAccepted, 404, ErrorCode::kNone, kGood},
      {kAccepted, 429, ErrorCode::kNone, kGood},
      {kAccepted, 500, ErrorCode::kNone, kGood},
      {kAccepted, 501, ErrorCode::kNone, kGood},
      {kAccepted, 502, ErrorCode::kNone, kFailed},
      {kAccepted, 503, ErrorCode::kNone, kFailed},
      {kAccepted, 504, ErrorCode::kNone, kFailed},
      {kAccepted, 505, ErrorCode::kNone, kGood},
      {kConnectFailed, 0, ErrorCode::kConnectFailed, kFailed},
      {kNoMeans, 0, ErrorCode::kConnectFailed, kUnknown},
      {kRefused, 0, ErrorCode::kUpstreamReset, kFailed},
      {kReset, 0, ErrorCode::kUpstreamReset, kFailed},
      {kBadResponse, 0, ErrorCode::kBadUpstreamResponse, kFailed},
      {kPerTryTimeout, 0, ErrorCode::kTimeout, kFailed},
      {kCancelled, 0, ErrorCode::kTimeout, kFailed},
      {kCancelled, 0, ErrorCode::kNone, kUnknown},
      {kCancelled, 0, ErrorCode::kFault, kUnknown},
      {kNotMade, 0, ErrorCode::kNoEndpoint, kUnknown},
  };
  for (const auto& each : cases) {
    response.status = each.status;
    CAPTURE(each.status);
    CHECK(judge({.kind = each.kind,
                 .error = each.error,
                 .response = each.status == 0 ? nullptr : &response}) == each.result);
  }
}

TEST_CASE("circuit_breaker: a dead red never opens base") {
  World world;
  for (int i = 0; i < 20; ++i) CHECK(world.answers(503, 0, "red"));
  CHECK(world.state("red") == Breaker::State::kOpen);
  CHECK(world.state() == Breaker::State::kClosed);
  CHECK(world.answers(200));
  CHECK_FALSE(world.answers(200, 0, "red"));
}

TEST_CASE("circuit_breaker: what the refused are told") {
  World world;
  for (int i = 0; i < 20; ++i) CHECK(world.answers(502));
  world.passed = milliseconds(300);
  {
    const World::Try open(world, "");
    REQUIRE(open.refusal);
    CHECK(open.refusal->code == ErrorCode::kCircuitOpen);
    CHECK(open.refusal->retry_after_seconds == 1);
    CHECK(open.refusal->details ==
          "the breaker of pool base of service price is open after failures, and lets probes pass "
          "in 1s (circuit_breaker.open)");
  }
  world.passed = seconds(1);
  {
    const World::Try a(world, ""), b(world, ""), c(world, "");
    const World::Try refused(world, "");
    REQUIRE(refused.refusal);
    CHECK(refused.refusal->details ==
          "the breaker of pool base of service price is half open, and all of its probes are under "
          "way (circuit_breaker.probes)");
  }
  world.service.find_pool("", "")->health->breaker.force(Breaker::Forced::kOpen);
  const World::Try forced(world, "");
  REQUIRE(forced.refusal);
  CHECK(forced.refusal->retry_after_seconds == 0);
  CHECK(forced.refusal->details ==
        "the breaker of pool base of service price was opened by hand (POST /breaker)");
}

TEST_CASE("circuit_breaker: requests under way are counted until they end") {
  Settings settings;
  settings.max_requests = 2;
  settings.max_pending = 0;
  World world(settings);
  const PoolHealth& health = *world.service.find_pool("", "")->health;
  std::optional<World::Try> a(std::in_place, world, ""), b(std::in_place, world, "");
  {
    const World::Try over(world, "");
    REQUIRE(over.refusal);
    CHECK(over.refusal->code == ErrorCode::kOverloaded);
    CHECK(
        over.refusal->details ==
        "pool base of service price has 2 requests under way (circuit_breaker.max_requests), and 0 "
        "wait (circuit_breaker.max_pending)");
  }
  CHECK(health.room.active() == 2);
  a->answers(200);
  CHECK(health.room.active() == 2);  // its body is on the way
  a->bench.filter().on_end(a->bench.info);
  CHECK(health.room.active() == 1);
  b->ends({.kind = Outcome::Kind::kReset});
  CHECK(health.room.active() == 0);
  a.reset();
  b.reset();
  CHECK(health.room.active() == 0);
}

TEST_CASE("circuit_breaker: an instance that fails alone is put out") {
  World world;
  for (int i = 0; i < 100; ++i) CHECK(world.answers(500));
  CHECK_FALSE(world.ejection(0).out());
  world.fail(0);
  CHECK(world.ejection(0).out());
  world.fail(1);
  CHECK_FALSE(world.ejection(1).out());  // a third of the pool is the most of its half
}

TEST_CASE("circuit_breaker: how many may be out") {
  struct Case {
    int instances;
    double max_share;
    size_t out;
  };
  for (const Case& each : {Case{1, 1.0, 0}, Case{2, 0.5, 1}, Case{2, 0.49, 0}, Case{3, 0.5, 1},
                           Case{4, 0.5, 2}, Case{5, 0.5, 2}, Case{4, 1.0, 3}, Case{10, 0, 0}}) {
    CAPTURE(each.instances);
    Settings settings;
    settings.min_requests = 1000;
    settings.eject.max_share = {each.max_share};
    World world(settings, each.instances);
    size_t out = 0;
    for (size_t i = 0; i < static_cast<size_t>(each.instances); ++i) {
      world.fail(i);
      out += world.ejection(i).out() ? 1 : 0;
    }
    CHECK(out == each.out);
  }
}

TEST_CASE("circuit_breaker: a trial decides") {
  World world;
  world.fail(0);
  const MonoTime later = MonoTime(hours(5)) + seconds(2);
  world.passed = seconds(2);
  REQUIRE(world.ejection(0).begin(later));
  SUBCASE("good") {
    world.answers(200);
    CHECK_FALSE(world.ejection(0).out());
  }
  SUBCASE("failed") {
    world.answers(503);
    CHECK(world.ejection(0).keeps_out(later + milliseconds(1999)));
    CHECK_FALSE(world.ejection(0).keeps_out(later + seconds(3)));
  }
}

TEST_CASE("circuit_breaker: who finds no room waits for it, in order") {
  Settings settings;
  settings.max_requests = 1;
  settings.max_pending = 2;
  World world(settings);
  const PoolRoom& room = world.service.find_pool("", "")->health->room;
  std::optional<World::Try> running(std::in_place, world, "");
  World::Try first(world, ""), second(world, "");
  CHECK(first.waits);
  CHECK(second.waits);
  CHECK_FALSE(World::Try(world, "red").waits);  // a pool of its own
  const World::Try over(world, "");
  REQUIRE(over.refusal);
  CHECK(over.refusal->code == ErrorCode::kOverloaded);
  CHECK(over.refusal->details.ends_with("and 2 wait (circuit_breaker.max_pending)"));

  running.reset();
  first.bench.scheduler.mailbox().run();
  second.bench.scheduler.mailbox().run();
  CHECK(first.bench.resumed == 1);
  CHECK(second.bench.resumed == 0);
  CHECK(World::Try(world, "").waits);  // nobody overtakes those who wait
  first.answers(200);
  SUBCASE("the next one is let in") {
    first.bench.filter().on_end(first.bench.info);
    second.bench.scheduler.mailbox().run();
    CHECK(second.bench.resumed == 1);
    second.answers(200);
    second.bench.filter().on_end(second.bench.info);
  }
  SUBCASE("the breaker opened meanwhile") {
    world.service.find_pool("", "")->health->breaker.force(Breaker::Forced::kOpen);
    first.bench.filter().on_end(first.bench.info);
    second.bench.scheduler.mailbox().run();
    CHECK(second.bench.resumed == 0);
    REQUIRE(second.bench.reply);
    CHECK(second.bench.reply->code == ErrorCode::kCircuitOpen);
  }
  SUBCASE("not longer than a second") {
    second.bench.pass(CircuitBreakerFilter::kLongestWait - milliseconds(1));
    CHECK_FALSE(second.bench.reply);
    second.bench.pass(milliseconds(2));
    REQUIRE(second.bench.reply);
    CHECK(second.bench.reply->code == ErrorCode::kOverloaded);
    CHECK(second.bench.reply->details.ends_with("and none ended within 1s"));
    first.bench.filter().on_end(first.bench.info);
    second.bench.scheduler.mailbox().run();
    CHECK(second.bench.resumed == 0);
  }
  SUBCASE("its client went away") {
    second.bench.filter().on_end(second.bench.info);
    CHECK(room.waiting() == 0);
    first.bench.filter().on_end(first.bench.info);
    CHECK(room.active() == 0);
  }
  SUBCASE("its client went away when room had been given") {
    first.bench.filter().on_end(first.bench.info);
    CHECK(room.active() == 1);
    second.bench.filter().on_end(second.bench.info);
    CHECK(room.active() == 0);
    second.bench.scheduler.mailbox().run();
    CHECK(second.bench.resumed == 0);
  }
  CHECK(room.waiting() == 0);
}

TEST_CASE("circuit_breaker: settings") {
  Settings some;
  some.window = seconds(30);
  some.failure_ratio = {0.3};
  some.eject.consecutive = 3;
  const auto decoded = test::decode<CircuitBreakerFilter>(
      "{window: 30s, failure_ratio: 30%, eject: {consecutive: 3}}");
  CHECK(decoded.errors == "");
  CHECK(decoded.settings == some);
  struct Bad {
    const char* yaml;
    std::string_view says;
  };
  const Bad bad[] = {
      {"probes: 0", "out of range"},
      {"failure_ratio: 2", "failure_ratio"},
      {"failure_ratio: 0%", "must be above 0%"},
      {"max_requests: 0", "out of range"},
      {"min_requests: 0", "out of range"},
      {"window: 2m", "longer than the 1m that are remembered"},
      {"window: 100ms", "window"},
      {"open: 0s", "open"},
      {"{open: 5s, open_max: 2s}", "open (5s) is longer than open_max (2s)"},
      {"open: 1m", "open (1m) is longer than open_max (30s)"},
      {"eject: {base: 2m}", "base (2m) is longer than max (1m)"},
      {"eject: {max_share: 1.5}", "max_share"},
      {"eject: {consecutive: 0}", "out of range"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    const std::string errors = test::decode<CircuitBreakerFilter>(each.yaml).errors;
    CAPTURE(errors);
    CHECK(errors.find(each.says) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad
