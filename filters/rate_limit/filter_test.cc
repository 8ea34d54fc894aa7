#include "filters/rate_limit/filter.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<RateLimitFilter>;
using Settings = RateLimitSettings;
using Kind = HeadVerdict::Kind;

bool passes(Bench& bench) {
  return bench.filter().on_request_head(bench.request, true).kind() == Kind::kGo;
}

int passing(Bench& bench, int asked) {
  int passed = 0;
  for (int i = 0; i < asked; ++i) passed += passes(bench) ? 1 : 0;
  return passed;
}

TEST_CASE("rate_limit: burst, then the rate") {
  struct Case {
    Rate rate;
    uint32_t burst;
    Duration wait;
    int after;  // how many pass after `wait`
  };
  const Case cases[] = {
      {{100, seconds(1)}, 50, milliseconds(10), 1}, {{100, seconds(1)}, 50, milliseconds(250), 25},
      {{100, seconds(1)}, 50, seconds(10), 50},     {{1, seconds(1)}, 1, milliseconds(999), 0},
      {{1, seconds(1)}, 1, seconds(1), 1},          {{60, minutes(1)}, 5, seconds(3), 3},
      {{1, hours(1)}, 2, minutes(59), 0},           {{1, hours(1)}, 2, hours(1), 1},
      {{3, seconds(1)}, 1, milliseconds(334), 1},
  };
  for (const Case& each : cases) {
    CAPTURE(show(each.rate));
    Bench bench({each.rate, each.burst, {}});
    CHECK(passing(bench, 200) == static_cast<int>(each.burst));
    bench.pass(each.wait);
    CHECK(passing(bench, 200) == each.after);
  }
}

TEST_CASE("rate_limit: off") {
  Bench bench;
  CHECK(passing(bench, 1000) == 1000);
}

TEST_CASE("rate_limit: what the refused are told") {
  struct Case {
    Settings settings;
    int retry_after;
    std::string_view details;
  };
  const Case cases[] = {
      {{{100, seconds(1)}, 1, {}}, 1, "over the rate of 100/s with a burst of 1 (rate_limit)"},
      {{{2, minutes(1)}, 1, {RateKey::Kind::kTenant, {}}},
       30,
       "over the rate of 2/m with a burst of 1 for tenant acme (rate_limit)"},
      {{{1, hours(1)}, 1, {RateKey::Kind::kColor, {}}},
       3600,
       "over the rate of 1/h with a burst of 1 for color base (rate_limit)"},
      {{{1, hours(1)}, 1, {RateKey::Kind::kPrincipal, {}}},
       3600,
       "over the rate of 1/h with a burst of 1 for callers without an identity (rate_limit)"},
      {{{1, seconds(1)}, 1, {RateKey::Kind::kHeader, HeaderName("x-user")}},
       1,
       "over the rate of 1/s with a burst of 1 for its x-user (rate_limit)"},
  };
  for (const Case& each : cases) {
    Bench bench(each.settings);
    bench.info.tenant = "acme";
    CHECK(passes(bench));
    HeadVerdict verdict = bench.filter().on_request_head(bench.request, true);
    REQUIRE(verdict.kind() == Kind::kReply);
    const LocalReply reply = verdict.take_reply();
    CHECK(reply.code == ErrorCode::kRateLimited);
    CHECK(reply.effective_status() == 429);
    CHECK(reply.retry_after_seconds == each.retry_after);
    CHECK(reply.details == each.details);
  }
}

TEST_CASE("rate_limit: each key has its own bucket") {
  struct Case {
    RateKey key;
    void (*set)(Bench&, std::string_view value);
  };
  const auto header = [](Bench& bench, std::string_view value) {
    bench.request.headers.clear();
    if (!value.empty()) bench.request.headers.add("X-User", value);
  };
  const Case cases[] = {
      {{RateKey::Kind::kTenant, {}}, [](Bench& b, std::string_view v) { b.info.tenant = v; }},
      {{RateKey::Kind::kColor, {}}, [](Bench& b, std::string_view v) { b.info.color = v; }},
      {{RateKey::Kind::kPrincipal, {}}, [](Bench& b, std::string_view v) { b.info.principal = v; }},
      {{RateKey::Kind::kHeader, HeaderName("x-user")}, header},
  };
  for (const Case& each : cases) {
    Bench bench({{1, hours(1)}, 2, each.key});
    for (const std::string_view value : {"a", "b", "", "a", "b", ""}) {
      each.set(bench, value);
      CHECK(passing(bench, 1) == 1);
    }
    for (const std::string_view value : {"a", "b", ""}) {
      each.set(bench, value);
      CHECK(passing(bench, 1) == 0);
    }
  }
}

TEST_CASE("rate_limit: state is shared by exchanges and outlives them") {
  const Settings settings{{1, hours(1)}, 2, {}};
  const auto state = std::make_shared<RateLimitState>(settings);
  for (const bool expected : {true, true, false}) {
    Bench bench(settings);
    bench.state = state;
    CHECK(passes(bench) == expected);
  }
}

TEST_CASE("rate_limit: more keys than slots") {
  BucketTable table;
  const BucketShape shape(1, hours(1), 1);
  const auto key = [](size_t i) { return "key-" + std::to_string(i); };
  const size_t count = BucketTable::kSlots * 2;
  for (size_t i = 0; i < count; ++i) {
    CHECK(shape.take(table.find(key(i), static_cast<int64_t>(i)), static_cast<int64_t>(i)) ==
          Duration(0));
  }
  // The newest are still known.
  CHECK(shape.take(table.find(key(count - 1), static_cast<int64_t>(count)),
                   static_cast<int64_t>(count)) > Duration(0));
}

TEST_CASE("rate_limit: workers share one rate") {
  constexpr uint32_t kBurst = 10'000;
  RateLimitState state({{1, hours(1)}, kBurst, {RateKey::Kind::kTenant, {}}});
  std::atomic<uint32_t> passed{0};
  std::vector<std::thread> workers(4);
  for (std::thread& worker : workers) {
    worker = std::thread([&] {
      for (uint32_t i = 0; i < kBurst; ++i) {
        if (state.take("acme", MonoTime(hours(1))) == Duration(0)) ++passed;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(passed == kBurst);
}

TEST_CASE("rate_limit: settings") {
  struct Case {
    const char* yaml;
    Settings expected;
  };
  const Case good[] = {
      {"{}", {}},
      {"{rate: 100/s, burst: 5}", {{100, seconds(1)}, 5, {}}},
      {"rate: 1/m", {{1, minutes(1)}, 50, {}}},
      {"{rate: 7/h, key: tenant}", {{7, hours(1)}, 50, {RateKey::Kind::kTenant, {}}}},
      {"{rate: 7/h, key: principal}", {{7, hours(1)}, 50, {RateKey::Kind::kPrincipal, {}}}},
      {"{rate: none, key: color}", {{}, 50, {RateKey::Kind::kColor, {}}}},
      {"key: {header: X-User}", {{}, 50, {RateKey::Kind::kHeader, HeaderName("x-user")}}},
  };
  for (const Case& each : good) {
    CAPTURE(each.yaml);
    const auto decoded = test::decode<RateLimitFilter>(each.yaml);
    CHECK(decoded.errors == "");
    CHECK(decoded.settings == each.expected);
  }
  struct Bad {
    const char* yaml;
    std::string_view says;
  };
  const Bad bad[] = {
      {"rate: 100", "a rate is written 100/s"},
      {"rate: 0/s", "out of range"},
      {"rate: 5/d", "is not a rate"},
      {"rate: /s", "is not a rate"},
      {"burst: 0", "out of range"},
      {"key: user", "is not one of"},
      {"key: {cookie: x}", "{ header: x-user-id }"},
      {"key: {header: 'a b'}", "key"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    const std::string errors = test::decode<RateLimitFilter>(each.yaml).errors;
    CAPTURE(errors);
    CHECK(errors.find(each.says) != std::string::npos);
  }
  const Settings base{{9, seconds(1)}, 3, {RateKey::Kind::kTenant, {}}};
  CHECK(test::decode<RateLimitFilter>("key: none", base).settings ==
        Settings{{9, seconds(1)}, 3, {}});
}

}  // namespace
}  // namespace woad
