#include "filters/timeout/filter.h"

#include <doctest/doctest.h>

#include "filters/timeout/grpc_timeout.h"
#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<TimeoutFilter>;
using Settings = TimeoutSettings;
constexpr auto kHeadGo = HeadVerdict::Kind::kGo;
constexpr auto kReply = HeadVerdict::Kind::kReply;

std::string details(const Bench& bench) { return bench.reply ? bench.reply->details : "(none)"; }

TEST_CASE("timeout: what limits the wait for the response") {
  struct Case {
    Settings settings;
    bool grpc;
    std::string_view grpc_timeout;
    std::string_view timeout_ms;
    Duration limit;  // zero: none
    std::string_view details;
  };
  const Case cases[] = {
      {{}, false, "", "", seconds(15), "no answer within 15s (timeout.request)"},
      {{.request = milliseconds(1500)},
       false,
       "",
       "",
       milliseconds(1500),
       "no answer within 1500ms (timeout.request)"},
      {{.request = Duration(0)}, false, "", "", Duration(0), ""},
      {{},
       false,
       "",
       "200",
       milliseconds(200),
       "no answer within 200ms (x-woad-timeout-ms of the request)"},
      {{}, false, "", "60000", seconds(15), "no answer within 15s (timeout.request)"},
      {{}, false, "", "soon", seconds(15), "no answer within 15s (timeout.request)"},
      {{},
       false,
       "",
       "99999999999999999999",
       seconds(15),
       "no answer within 15s (timeout.request)"},
      {{.request = Duration(0)},
       false,
       "",
       "300",
       milliseconds(300),
       "no answer within 300ms (x-woad-timeout-ms of the request)"},
      {{}, false, "1S", "", seconds(15), "no answer within 15s (timeout.request)"},
      {{}, true, "", "", Duration(0), ""},
      {{},
       true,
       "100m",
       "",
       milliseconds(100),
       "no answer within 100ms (grpc-timeout of the call)"},
      {{}, true, "1M", "", minutes(1), "no answer within 1m (grpc-timeout of the call)"},
      {{}, true, "5x", "", Duration(0), ""},
      {{},
       true,
       "5S",
       "2000",
       seconds(2),
       "no answer within 2s (x-woad-timeout-ms of the request)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.grpc_timeout);
    CAPTURE(each.timeout_ms);
    CAPTURE(each.details);
    Bench bench(each.settings);
    bench.info.grpc = each.grpc;
    if (!each.grpc_timeout.empty()) bench.request.headers.add("grpc-timeout", each.grpc_timeout);
    if (!each.timeout_ms.empty()) bench.request.headers.add("X-Woad-Timeout-Ms", each.timeout_ms);
    REQUIRE(bench.filter().on_request_head(bench.request, true).kind() == kHeadGo);
    if (each.limit == Duration(0)) {
      bench.pass(hours(3));
      CHECK_FALSE(bench.reply);
      continue;
    }
    bench.pass(each.limit - milliseconds(1));
    CHECK_FALSE(bench.reply);
    bench.pass(milliseconds(2));
    REQUIRE(bench.reply);
    CHECK(bench.reply->code == ErrorCode::kTimeout);
    CHECK(bench.reply->effective_status() == 504);
    CHECK(bench.reply->details == each.details);
  }
}

TEST_CASE("timeout: no time left is answered at once") {
  struct Case {
    bool grpc;
    std::string_view name;
    std::string_view value;
  };
  for (const Case& each :
       {Case{false, "x-woad-timeout-ms", "0"}, Case{true, "grpc-timeout", "0S"}}) {
    Bench bench;
    bench.info.grpc = each.grpc;
    bench.request.headers.add(each.name, each.value);
    HeadVerdict verdict = bench.filter().on_request_head(bench.request, true);
    REQUIRE(verdict.kind() == kReply);
    const LocalReply reply = verdict.take_reply();
    CHECK(reply.code == ErrorCode::kTimeout);
    CHECK(reply.details.starts_with("no time was left (" + std::string(each.name)));
  }
}

TEST_CASE("timeout: what is left of the deadline goes on") {
  struct Case {
    std::string_view what;
    Settings settings;
    bool grpc;
    bool external;
    std::string_view grpc_timeout;
    std::string_view timeout_ms;
    std::string_view sent_grpc_timeout;
    std::string_view sent_timeout_ms;
  };
  const Case cases[] = {
      // 100 ms after the head
      {"setting", {}, false, false, "", "", "(none)", "14900"},
      {"caller", {}, false, false, "", "1000", "(none)", "900"},
      {"no limit", {.request = Duration(0)}, false, false, "", "", "(none)", "(none)"},
      {"external", {}, false, true, "", "1000", "(none)", "(none)"},
      {"grpc", {}, true, false, "1S", "", "900000u", "(none)"},
      {"grpc external", {}, true, true, "1S", "", "900000u", "(none)"},
      {"grpc without", {}, true, false, "", "", "(none)", "(none)"},
      {"grpc and caller", {}, true, false, "5S", "1000", "900000u", "(none)"},
      {"grpc from caller", {}, true, false, "", "1000", "900000u", "(none)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Bench bench(each.settings);
    bench.info.grpc = each.grpc;
    bench.service.external = each.external;
    if (!each.grpc_timeout.empty()) bench.request.headers.add("grpc-timeout", each.grpc_timeout);
    if (!each.timeout_ms.empty()) bench.request.headers.add("x-woad-timeout-ms", each.timeout_ms);
    REQUIRE(bench.filter().on_request_head(bench.request, true).kind() == kHeadGo);
    bench.pass(milliseconds(100));
    AttemptPlan plan{bench.service, 1};
    CHECK(bench.filter().on_attempt(plan, bench.request).kind() == kHeadGo);
    CHECK(bench.field("grpc-timeout") == each.sent_grpc_timeout);
    CHECK(bench.field("x-woad-timeout-ms") == each.sent_timeout_ms);
  }
}

TEST_CASE("timeout: a second try has less time") {
  Bench bench({.per_try = seconds(2)});
  (void)bench.filter().on_request_head(bench.request, true);
  for (const auto& [number, expected] : {std::pair(1u, "14000"), std::pair(2u, "13000")}) {
    bench.pass(seconds(1));
    AttemptPlan plan{bench.service, number};
    RequestHead head(bench.request);
    CHECK(bench.filter().on_attempt(plan, head).kind() == kHeadGo);
    CHECK(plan.per_try == seconds(2));
    CHECK(Bench::field_of(head.headers, "x-woad-timeout-ms") == expected);
  }
}

TEST_CASE("timeout: a response that has started has the idle limit alone") {
  Bench bench({.request = seconds(1), .idle = seconds(10)});
  Buffer data;
  (void)bench.filter().on_request_head(bench.request, true);
  bench.pass(milliseconds(900));
  (void)bench.filter().on_response_head(bench.response, false);
  for (int i = 0; i < 5; ++i) {
    bench.pass(seconds(9));
    (void)bench.filter().on_response_data(data, false);
  }
  CHECK_FALSE(bench.reply);
  bench.pass(milliseconds(9990));
  CHECK_FALSE(bench.reply);
  bench.pass(milliseconds(11));
  CHECK(details(bench) == "the exchange stood still for 10s (timeout.idle)");
  CHECK(bench.reply->code == ErrorCode::kTimeout);
}

TEST_CASE("timeout: when the idle limit is over") {
  struct Case {
    std::string_view what;
    Settings settings;
    bool grpc;
    bool request_ends;
    bool response_starts;
    int status;  // 0: nothing happens within an hour
    Duration after;
  };
  const Case cases[] = {
      {"shorter than the request limit", {.idle = seconds(2)}, false, true, true, 504, seconds(2)},
      {"off", {.idle = Duration(0)}, false, true, true, 0, {}},
      {"a body that stands still",
       {.request = Duration(0), .idle = seconds(3)},
       false,
       false,
       false,
       408,
       seconds(3)},
      {"a slow body under the request limit",
       {.request = seconds(2), .idle = seconds(3)},
       false,
       false,
       false,
       504,
       seconds(2)},
      {"a call with no deadline that waits", {.idle = seconds(3)}, true, true, false, 0, {}},
      {"a call with no deadline that streams",
       {.idle = seconds(3)},
       true,
       true,
       true,
       504,
       seconds(3)},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Bench bench(each.settings);
    bench.info.grpc = each.grpc;
    (void)bench.filter().on_request_head(bench.request, each.request_ends);
    if (each.response_starts) (void)bench.filter().on_response_head(bench.response, false);
    if (each.status == 0) {
      bench.pass(hours(1));
      CHECK_FALSE(bench.reply);
      continue;
    }
    bench.pass(each.after - milliseconds(1));
    CHECK_FALSE(bench.reply);
    bench.pass(milliseconds(2));
    REQUIRE(bench.reply);
    CHECK(bench.reply->effective_status() == each.status);
  }
}

TEST_CASE("timeout: a body that moves keeps its request") {
  Bench bench({.request = Duration(0), .idle = seconds(10)});
  Buffer data;
  (void)bench.filter().on_request_head(bench.request, false);
  for (int i = 0; i < 10; ++i) {
    bench.pass(seconds(9));
    (void)bench.filter().on_request_data(data, i == 9);
  }
  bench.pass(hours(1));  // complete: nothing limits the wait
  CHECK_FALSE(bench.reply);
  (void)bench.filter().on_response_head(bench.response, false);
  bench.pass(seconds(11));
  CHECK(details(bench) == "the exchange stood still for 10s (timeout.idle)");
}

TEST_CASE("timeout: trailers end a request") {
  Bench bench({.request = Duration(0), .idle = seconds(10)});
  Headers trailers(bench.arena);
  (void)bench.filter().on_request_head(bench.request, false);
  (void)bench.filter().on_request_trailers(trailers);
  bench.pass(hours(1));
  CHECK_FALSE(bench.reply);
}

TEST_CASE("timeout: a tunnel is left to the exchange") {
  Bench bench({.idle = seconds(1)});
  (void)bench.filter().on_request_head(bench.request, true);
  bench.response.status = 101;
  bench.response.tunnel = true;
  (void)bench.filter().on_response_head(bench.response, false);
  bench.pass(hours(1));
  CHECK_FALSE(bench.reply);
}

TEST_CASE("timeout: grpc-timeout is read") {
  struct Case {
    std::string_view text;
    std::optional<Duration> expected;
  };
  const Case cases[] = {
      {"100m", milliseconds(100)},
      {"5S", seconds(5)},
      {"2M", minutes(2)},
      {"3H", hours(3)},
      {"7u", microseconds(7)},
      {"9n", Duration(9)},
      {"99999999n", Duration(99'999'999)},
      {"99999999H", hours(24 * 365)},
      {"0m", Duration(0)},
      {"", {}},
      {"S", {}},
      {"5", {}},
      {"5s", {}},
      {"-5S", {}},
      {"5 S", {}},
      {"1.5S", {}},
      {"123456789m", {}},
      {"5SS", {}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.text);
    CHECK((parse_grpc_timeout(each.text) == each.expected));
  }
}

TEST_CASE("timeout: grpc-timeout is written") {
  struct Case {
    Duration left;
    std::string_view expected;
  };
  const Case cases[] = {
      {Duration(1), "1n"},
      {microseconds(99'999), "99999000n"},
      {milliseconds(100), "100000u"},
      {seconds(99), "99000000u"},
      {seconds(100), "100000m"},
      {hours(27), "97200000m"},
      {hours(28), "100800S"},
      {hours(24 * 365), "31536000S"},
      {Duration(0), "1n"},
  };
  ArenaPool pool;
  Arena arena(pool);
  for (const Case& each : cases) CHECK(write_grpc_timeout(each.left, arena) == each.expected);
}

TEST_CASE("timeout: settings") {
  const auto good = test::decode<TimeoutFilter>("{request: off, per_try: 250ms, idle: 1h}");
  CHECK(good.errors == "");
  CHECK(good.settings == Settings{Duration(0), milliseconds(250), hours(1)});
  const auto over = test::decode<TimeoutFilter>("request: 2s", good.settings);
  CHECK(over.settings == Settings{seconds(2), milliseconds(250), hours(1)});
  for (const char* bad : {"request: 15", "per_try: 0s", "idel: 1s"}) {
    CHECK(test::decode<TimeoutFilter>(bad).errors != "");
  }
  CHECK(test::decode<TimeoutFilter>("{ request: 2s, per_try: 2s }").errors == "");
  for (const char* longer : {"per_try: 16s", "{ request: 1s, per_try: 2s }"}) {
    CHECK(test::decode<TimeoutFilter>(longer).errors.find("in which all tries have to end") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace woad
