#include "filters/color_routing/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<ColorRoutingFilter>;

TEST_CASE("color_routing: the pool of the request's colour, or its refusal") {
  Bench bench;
  bench.add_pool("");
  bench.add_pool("red");
  bench.info.color = "red";
  AttemptPlan plan{bench.service, 1};
  REQUIRE(bench.filter().on_attempt(plan, bench.request).kind() == HeadVerdict::Kind::kGo);
  REQUIRE(plan.pool != nullptr);
  CHECK(plan.pool->name == "red");
  CHECK(plan.pool_reason == PoolReason::kExact);
  Bench none;
  none.service.fallback = Fallback::kNone;
  none.info.color = "red";
  AttemptPlan refused{none.service, 1};
  HeadVerdict verdict = none.filter().on_attempt(refused, none.request);
  REQUIRE(verdict.kind() == HeadVerdict::Kind::kReply);
  const LocalReply reply = verdict.take_reply();
  CHECK((reply.code == ErrorCode::kNoEndpoint));
  CHECK(reply.details == "service price has no pool for color red, and its fallback is none");
  CHECK(refused.pool_reason == PoolReason::kFailedAbsent);
}

TEST_CASE("color_routing: a request stays in its pool") {
  Bench bench;
  bench.add_pool("");
  bench.add_pool("red");
  bench.info.color = "red";
  AttemptPlan first{bench.service, 1};
  CHECK(bench.filter().on_attempt(first, bench.request).kind() == HeadVerdict::Kind::kGo);
  bench.service.fallback = Fallback::kBase;
  bench.info.color = "";
  AttemptPlan second{bench.service, 2};
  CHECK(bench.filter().on_attempt(second, bench.request).kind() == HeadVerdict::Kind::kGo);
  CHECK(second.pool == first.pool);
  CHECK(second.pool_reason == PoolReason::kExact);
}

}  // namespace
}  // namespace woad
