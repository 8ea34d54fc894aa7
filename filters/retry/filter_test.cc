#include "filters/retry/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Settings = RetrySettings;
using Kind = Outcome::Kind;

// One request and its tries.
struct TriedRequest {
  explicit TriedRequest(Settings given = {}, std::shared_ptr<PoolHealth> pool = nullptr)
      : bench(std::move(given)) {
    Pool& base = bench.add_pool("");
    if (pool != nullptr) base.health = std::move(pool);
  }

  Next ends(Outcome outcome) {
    AttemptPlan plan{bench.service, ++tries, bench.service.find_pool("", "")};
    CHECK(bench.filter().on_attempt(plan, bench.request).kind() == HeadVerdict::Kind::kGo);
    outcome.number = tries;
    outcome.may_try_again = true;
    return bench.filter().next_try(outcome);
  }
  Next answers(int status) {
    bench.response.status = status;
    return ends({.kind = Kind::kAccepted, .response = &bench.response, .anything_sent = true});
  }

  test::FilterBench<RetryFilter> bench;
  uint32_t tries = 0;
};

TEST_CASE("retry: which tries are repeated, by method and end") {
  struct Row {
    Kind kind;
    int status;
    bool sent;
    bool get;
    bool post;
  };
  for (const Row& row : {
           Row{Kind::kConnectFailed, 0, false, true, true},
           Row{Kind::kRefused, 0, true, true, true},
           Row{Kind::kReset, 0, false, true, true},
           Row{Kind::kReset, 0, true, true, false},
           Row{Kind::kPerTryTimeout, 0, true, true, false},
           Row{Kind::kPerTryTimeout, 0, false, true, true},
           Row{Kind::kAccepted, 502, true, true, false},
           Row{Kind::kAccepted, 503, true, true, false},
           Row{Kind::kAccepted, 504, true, true, false},
           Row{Kind::kAccepted, 500, true, false, false},
           Row{Kind::kAccepted, 404, true, false, false},
           Row{Kind::kAccepted, 200, true, false, false},
           Row{Kind::kNoMeans, 0, false, false, false},
           Row{Kind::kBadResponse, 0, true, false, false},
       }) {
    CAPTURE(static_cast<int>(row.kind));
    CAPTURE(row.status);
    CAPTURE(row.sent);
    for (const bool post : {false, true}) {
      CAPTURE(post);
      for (const std::string_view key : {"", "idempotency-key"}) {
        TriedRequest request;
        request.bench.request.method = post ? Method::kPost : Method::kGet;
        if (!key.empty()) request.bench.request.headers.add(key, "k1");
        request.bench.response.status = row.status;
        const Next next = request.ends(
            {.kind = row.kind,
             .response = row.kind == Kind::kAccepted ? &request.bench.response : nullptr,
             .anything_sent = row.sent});
        CHECK(next.wants_again() == (post && key.empty() ? row.post : row.get));
      }
    }
  }
}

TEST_CASE("retry: how many tries each setting allows") {
  Settings any{.methods = RetryMethods::kAny};
  Settings none{.attempts = 0};
  Settings three{.attempts = 3};
  Settings cached{.attempts = 3, .mode = RetryMode::kFailcache};
  Settings back{.mode = RetryMode::kFailback};
  Settings fast{.mode = RetryMode::kFailfast};
  Settings connect{.on = {RetryOn::kConnect}};
  struct Row {
    Settings settings;
    uint32_t get;
    uint32_t post;
  };
  for (const Row& row : {Row{{}, 2, 1}, Row{any, 2, 2}, Row{none, 1, 1}, Row{three, 4, 1},
                         Row{cached, 2, 1}, Row{back, 1, 1}, Row{fast, 1, 1}, Row{connect, 1, 1}}) {
    for (const bool post : {false, true}) {
      TriedRequest request(row.settings);
      request.bench.request.method = post ? Method::kPost : Method::kGet;
      while (request.answers(503).wants_again()) {
      }
      CHECK(request.tries == (post ? row.post : row.get));
    }
  }
}

TEST_CASE("retry: waits are within the doubled base, and what the upstream asks for") {
  Settings settings{.attempts = 6};
  Duration longest{};
  for (int i = 0; i < 200; ++i) {
    TriedRequest request(settings);
    request.bench.random = Random(static_cast<uint64_t>(i));
    for (const auto most : {25, 50, 100, 200, 250, 250}) {
      const Duration wait = request.answers(503).delay();
      CHECK(wait <= milliseconds(most));
      longest = std::max(longest, wait);
    }
  }
  CHECK(longest > milliseconds(200));
  TriedRequest asked;
  asked.bench.response.headers.add("retry-after", "2");
  CHECK(asked.answers(503).delay() == seconds(2));
  TriedRequest cached(Settings{.mode = RetryMode::kFailcache});
  CHECK(cached.answers(503).delay() == seconds(1));
}

TEST_CASE("retry: none that would begin behind the deadline") {
  TriedRequest request;
  request.bench.response.headers.add("retry-after", "2");
  request.bench.info.deadline = request.bench.scheduler.now() + seconds(2);
  CHECK_FALSE(request.answers(503).wants_again());
  request.bench.info.deadline += milliseconds(1);
  request.tries = 0;
  CHECK(request.answers(503).wants_again());
}

TEST_CASE("retry: a repetition is told as one, and not repeated") {
  struct Row {
    uint32_t caller;
    std::string_view field;
    uint32_t tries;
    std::string_view told;
  };
  for (const Row& row : {Row{1, "", 2, "2"}, Row{1, "1", 2, "2"}, Row{2, "", 1, "2"},
                         Row{1, "2", 1, "2"}, Row{1, "7", 1, "2"}, Row{1, "x", 2, "2"}}) {
    CAPTURE(row.field);
    TriedRequest request;
    request.bench.info.caller_attempt = row.caller;
    if (!row.field.empty()) request.bench.request.headers.add("x-woad-attempt", row.field);
    while (request.answers(503).wants_again()) {
    }
    CHECK(request.tries == row.tries);
    CHECK(request.bench.field("x-woad-attempt") == row.told);
  }
  TriedRequest external;
  external.bench.service.external = true;
  external.bench.request.headers.add("x-woad-attempt", "2");
  CHECK_FALSE(external.answers(503).wants_again());
  CHECK(external.bench.field("x-woad-attempt") == "(none)");
}

TEST_CASE("retry: the budget is a share of the requests and a floor") {
  struct Row {
    config::Share ratio;
    uint32_t floor;
    int requests;
    int repeated;
  };
  for (const Row& row : {Row{{0.2}, 3, 1000, 230}, Row{{0.2}, 0, 1000, 200}, Row{{0}, 3, 1000, 30},
                         Row{{0}, 0, 100, 0}, Row{{1}, 0, 100, 100}}) {
    Settings settings;
    settings.budget = {row.ratio, row.floor};
    const auto pool = std::make_shared<PoolHealth>();
    int repeated = 0;
    Duration passed{};
    for (int i = 0; i < row.requests; ++i) {
      TriedRequest request(settings, pool);
      request.bench.pass(passed);
      passed += milliseconds(1);
      repeated += request.answers(503).wants_again() ? 1 : 0;
    }
    CHECK(repeated == row.repeated);
    // What is longer ago than the window is forgotten.
    TriedRequest later(settings, pool);
    later.bench.pass(passed + RepeatWindow::kLongest + seconds(1));
    CHECK(later.answers(503).wants_again() == (row.floor > 0 || row.ratio.value == 1));
  }
}

TEST_CASE("retry: repetitions of hops further up are part of the budget") {
  const auto pool = std::make_shared<PoolHealth>();
  const Settings settings{.budget = {.ratio = {0.2}, .min_per_second = 0}};
  for (int i = 0; i < 15; ++i) {
    TriedRequest came_as_one(settings, pool);
    came_as_one.bench.info.caller_attempt = 2;
    CHECK_FALSE(came_as_one.answers(503).wants_again());
  }
  int repeated = 0;
  for (int i = 0; i < 100; ++i) {
    repeated += TriedRequest(settings, pool).answers(503).wants_again() ? 1 : 0;
  }
  CHECK(repeated == 5);
}

TEST_CASE("retry: settings") {
  const auto good = test::decode<RetryFilter>(
      "attempts: 0\non: [502, connect]\nmethods: any\nmode: failcache\npause: 2s\n"
      "backoff: { base: 1s, max: 1s }\nbudget: { ratio: 5%, min_per_second: 0 }\n");
  CHECK(good.errors == "");
  CHECK(good.settings.on == std::vector{RetryOn::k502, RetryOn::kConnect});
  struct Row {
    std::string_view yaml;
    std::string_view error;
  };
  for (const Row& row :
       {Row{"attempts: 11", "10"}, Row{"attempts: -1", "attempts"}, Row{"on: [500]", "500"},
        Row{"methods: POST", "POST"}, Row{"backoff: { base: 300ms }", "longer than max (250ms)"},
        Row{"backoff: { base: 0s }", "base"}, Row{"budget: { ratio: 2 }", "ratio"},
        Row{"mode: failsafe", "failsafe"}, Row{"retries: 2", "retries"}}) {
    CAPTURE(row.yaml);
    const std::string errors = test::decode<RetryFilter>(std::string(row.yaml)).errors;
    CHECK(errors.find(row.error) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad
