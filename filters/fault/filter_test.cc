#include "filters/fault/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<FaultFilter>;
using Settings = FaultSettings;
using Kind = HeadVerdict::Kind;

const FaultDelay kDelay{{1.0}, milliseconds(200)};
const FaultAbort kAbort{{1.0}, 503};

TEST_CASE("fault: who is hit") {
  struct Case {
    std::string_view what;
    Settings settings;
    std::string_view color;
    Kind expected;
  };
  const Case cases[] = {
      {"nothing set", {}, "red", Kind::kGo},
      {"abort", {.abort = kAbort}, "red", Kind::kReply},
      {"abort leaves the undyed", {.abort = kAbort}, "", Kind::kGo},
      {"abort for all", {.abort = kAbort, .only_dyed = false}, "", Kind::kReply},
      {"abort of none", {.abort = FaultAbort{{0.0}, 503}}, "red", Kind::kGo},
      {"delay", {.delay = kDelay}, "red", Kind::kWait},
      {"delay leaves the undyed", {.delay = kDelay}, "", Kind::kGo},
      {"delay comes before abort", {.delay = kDelay, .abort = kAbort}, "red", Kind::kWait},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Bench bench(each.settings);
    bench.info.color = each.color;
    CHECK(bench.filter().on_request_head(bench.request, true).kind() == each.expected);
  }
}

TEST_CASE("fault: abort answers the status") {
  Bench bench({.abort = FaultAbort{{1.0}, 418}});
  bench.info.color = "red";
  HeadVerdict verdict = bench.filter().on_request_head(bench.request, true);
  REQUIRE(verdict.kind() == Kind::kReply);
  const LocalReply reply = verdict.take_reply();
  CHECK(reply.code == ErrorCode::kFault);
  CHECK(reply.effective_status() == 418);
  CHECK(reply.details.find("418") != std::string::npos);
}

TEST_CASE("fault: a delay ends") {
  for (const bool aborts : {false, true}) {
    Bench bench({.delay = kDelay});
    if (aborts) bench.settings.abort = kAbort;
    bench.info.color = "red";
    REQUIRE(bench.filter().on_request_head(bench.request, false).kind() == Kind::kWait);
    bench.pass(milliseconds(199));
    CHECK(bench.resumed == 0);
    CHECK_FALSE(bench.reply);
    bench.pass(milliseconds(2));
    CHECK(bench.resumed == (aborts ? 0 : 1));
    CHECK(bench.reply.has_value() == aborts);
    bench.pass(hours(1));
    CHECK(bench.resumed == (aborts ? 0 : 1));
  }
}

TEST_CASE("fault: a share of the requests") {
  Random random(1);
  int hit = 0;
  for (int i = 0; i < 2000; ++i) {
    Bench bench({.abort = FaultAbort{{0.25}, 503}, .only_dyed = false});
    bench.random = Random(random.next());
    if (bench.filter().on_request_head(bench.request, true).kind() == Kind::kReply) ++hit;
  }
  CHECK(hit > 400);
  CHECK(hit < 600);
}

TEST_CASE("fault: settings") {
  const auto good = test::decode<FaultFilter>(
      "{delay: {percent: 10%, for: 200ms}, abort: {percent: 0.5}, only_dyed: false}");
  CHECK(good.errors == "");
  CHECK(good.settings ==
        Settings{FaultDelay{{0.1}, milliseconds(200)}, FaultAbort{{0.5}, 503}, false});
  const auto over = test::decode<FaultFilter>("abort: {percent: 100%, status: 500}", good.settings);
  CHECK(over.settings.delay == good.settings.delay);
  CHECK(over.settings.abort->status == 500);
  for (const char* bad : {"delay: {percent: 10%}", "delay: {for: 1s}", "abort: {status: 500}",
                          "abort: {percent: 5, status: 500}", "abort: {percent: 5%, status: 99}",
                          "delay: {percent: 10%, for: 0s}"}) {
    CAPTURE(bad);
    CHECK(test::decode<FaultFilter>(bad).errors != "");
  }
}

}  // namespace
}  // namespace woad
