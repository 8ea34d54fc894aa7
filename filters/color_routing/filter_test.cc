#include "filters/color_routing/filter.h"

#include <doctest/doctest.h>

#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<ColorRoutingFilter>;

// "red", "red@acme", "base", "base@acme"; a '!' in front: no endpoint there.
PoolInfo pool(std::string_view written, OnUnhealthy on_unhealthy) {
  PoolInfo info;
  info.has_endpoints = !written.starts_with('!');
  if (!info.has_endpoints) written.remove_prefix(1);
  info.name = written;
  info.color = written.substr(0, written.find('@'));
  if (info.color == "base") info.color.clear();
  if (info.name.find('@') != std::string::npos) info.tenant = written.substr(written.find('@') + 1);
  info.on_unhealthy = on_unhealthy;
  return info;
}

struct Case {
  std::string_view what;
  std::vector<std::string_view> pools;
  OnUnhealthy on_unhealthy;
  Fallback fallback;
  std::string_view color;
  std::string_view tenant;
  std::string_view expected;  // the pool, "" for none
  PoolReason reason;
  ErrorCode error = ErrorCode::kNone;
};

constexpr auto kFail = OnUnhealthy::kFail;
constexpr auto kOver = OnUnhealthy::kFallback;
constexpr auto kPanic = OnUnhealthy::kPanic;
constexpr auto kParents = Fallback::kParentThenBase;

const Case kCases[] = {
    {"undyed", {"base", "red"}, kFail, kParents, "", "", "base", PoolReason::kUndyed},
    {"undyed never leaves base",
     {"red"},
     kFail,
     kParents,
     "",
     "",
     "",
     PoolReason::kFailedAbsent,
     ErrorCode::kNoEndpoint},
    {"undyed with tenant",
     {"base", "base@acme"},
     kFail,
     kParents,
     "",
     "acme",
     "base@acme",
     PoolReason::kUndyed},
    {"undyed of another tenant",
     {"base", "base@acme"},
     kFail,
     kParents,
     "",
     "other",
     "base",
     PoolReason::kUndyed},
    {"a tenant's pool is for that tenant",
     {"base@acme"},
     kFail,
     kParents,
     "",
     "",
     "",
     PoolReason::kFailedAbsent,
     ErrorCode::kNoEndpoint},
    {"undyed, fallback none",
     {"base"},
     kFail,
     Fallback::kNone,
     "",
     "",
     "base",
     PoolReason::kUndyed},
    {"exact", {"base", "red"}, kFail, kParents, "red", "", "red", PoolReason::kExact},
    {"exact child",
     {"base", "red", "red.alice"},
     kFail,
     kParents,
     "red.alice",
     "",
     "red.alice",
     PoolReason::kExact},
    {"exact of the tenant",
     {"red", "red@acme"},
     kFail,
     kParents,
     "red",
     "acme",
     "red@acme",
     PoolReason::kExact},
    {"exact of any tenant",
     {"red", "base@acme"},
     kFail,
     kParents,
     "red",
     "acme",
     "red",
     PoolReason::kExact},
    {"parent", {"base", "red"}, kFail, kParents, "red.alice", "", "red", PoolReason::kParent},
    {"grandparent",
     {"base", "red"},
     kFail,
     kParents,
     "red.alice.x",
     "",
     "red",
     PoolReason::kParent},
    {"parent of the tenant",
     {"base", "red", "red@acme"},
     kFail,
     kParents,
     "red.alice",
     "acme",
     "red@acme",
     PoolReason::kParent},
    {"color before tenant",
     {"red.alice", "red@acme"},
     kFail,
     kParents,
     "red.alice",
     "acme",
     "red.alice",
     PoolReason::kExact},
    {"absent", {"base", "red"}, kFail, kParents, "blue", "", "base", PoolReason::kBaseAbsent},
    {"absent, base of the tenant",
     {"base", "base@acme"},
     kFail,
     kParents,
     "blue",
     "acme",
     "base@acme",
     PoolReason::kBaseAbsent},
    {"a prefix is no parent",
     {"base", "red"},
     kFail,
     kParents,
     "redder",
     "",
     "base",
     PoolReason::kBaseAbsent},
    {"straight to base",
     {"base", "red"},
     kFail,
     Fallback::kBase,
     "red.alice",
     "",
     "base",
     PoolReason::kBaseAbsent},
    {"fallback none",
     {"base"},
     kFail,
     Fallback::kNone,
     "red",
     "",
     "",
     PoolReason::kFailedAbsent,
     ErrorCode::kNoEndpoint},
    {"fallback none leaves the parent too",
     {"base", "red"},
     kFail,
     Fallback::kNone,
     "red.alice",
     "",
     "",
     PoolReason::kFailedAbsent,
     ErrorCode::kNoEndpoint},
    {"nothing at all",
     {},
     kFail,
     kParents,
     "red",
     "acme",
     "",
     PoolReason::kFailedAbsent,
     ErrorCode::kNoEndpoint},
    {"unhealthy fails",
     {"base", "!red"},
     kFail,
     kParents,
     "red",
     "",
     "red",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kPoolUnhealthy},
    {"unhealthy parent fails",
     {"base", "!red"},
     kFail,
     kParents,
     "red.alice",
     "",
     "red",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kPoolUnhealthy},
    {"unhealthy falls back",
     {"base", "!red"},
     kOver,
     kParents,
     "red",
     "",
     "base",
     PoolReason::kBaseUnhealthy},
    {"unhealthy falls to the parent",
     {"base", "red", "!red.a"},
     kOver,
     kParents,
     "red.a",
     "",
     "red",
     PoolReason::kParent},
    {"unhealthy of the tenant falls to any",
     {"base", "red", "!red@acme"},
     kOver,
     kParents,
     "red",
     "acme",
     "red",
     PoolReason::kExact},
    {"unhealthy falls back to nothing",
     {"!red"},
     kOver,
     kParents,
     "red",
     "",
     "",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kNoEndpoint},
    {"unhealthy, fallback none",
     {"base", "!red"},
     kOver,
     Fallback::kNone,
     "red",
     "",
     "",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kNoEndpoint},
    {"panic has nobody",
     {"base", "!red"},
     kPanic,
     kParents,
     "red",
     "",
     "red",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kNoEndpoint},
    {"empty base",
     {"!base"},
     kPanic,
     kParents,
     "",
     "",
     "base",
     PoolReason::kFailedUnhealthy,
     ErrorCode::kNoEndpoint},
};

TEST_CASE("color_routing: the pool of a request") {
  for (const Case& each : kCases) {
    CAPTURE(each.what);
    Bench bench;
    for (const auto& written : each.pools) {
      bench.service.pools.push_back(pool(written, each.on_unhealthy));
    }
    bench.service.fallback_rule = each.fallback;
    bench.info.color = each.color;
    bench.info.tenant = each.tenant;
    AttemptPlan plan{bench.service, 1};
    Verdict verdict = bench.filter().on_attempt(plan, bench.request);
    CHECK((plan.pool == nullptr ? "" : plan.pool->name) == each.expected);
    CHECK(plan.pool_reason == each.reason);
    CHECK((verdict.kind() == Verdict::Kind::kReply) == (each.error != ErrorCode::kNone));
    if (verdict.kind() == Verdict::Kind::kReply) CHECK(verdict.take_reply().code == each.error);
  }
}

TEST_CASE("color_routing: what is said") {
  struct Said {
    std::vector<std::string_view> pools;
    OnUnhealthy on_unhealthy;
    Fallback fallback;
    std::string_view color;
    std::string_view details;
  };
  const Said cases[] = {
      {{}, kFail, kParents, "", "service price has no pool for an undyed request"},
      {{},
       kFail,
       kParents,
       "red",
       "service price has no pool for color red, and none of base to fall back to"},
      {{"base"},
       kFail,
       Fallback::kNone,
       "red",
       "service price has no pool for color red, and its fallback is none"},
      {{"!red"},
       kFail,
       kParents,
       "red.x",
       "service price has no endpoint to answer in pool red, asked for by color red.x "
       "(on_unhealthy: fail)"},
  };
  for (const Said& each : cases) {
    Bench bench;
    for (const auto& written : each.pools) {
      bench.service.pools.push_back(pool(written, each.on_unhealthy));
    }
    bench.service.fallback_rule = each.fallback;
    bench.info.color = each.color;
    AttemptPlan plan{bench.service, 1};
    Verdict verdict = bench.filter().on_attempt(plan, bench.request);
    REQUIRE(verdict.kind() == Verdict::Kind::kReply);
    CHECK(verdict.take_reply().details == each.details);
  }
}

TEST_CASE("color_routing: a request stays in its pool") {
  Bench bench;
  bench.service.pools = {pool("base", kFail), pool("red", kFail)};
  bench.info.color = "red";
  AttemptPlan first{bench.service, 1};
  CHECK(bench.filter().on_attempt(first, bench.request).kind() == Verdict::Kind::kGo);
  bench.service.fallback_rule = Fallback::kBase;
  bench.info.color = "";
  AttemptPlan second{bench.service, 2};
  CHECK(bench.filter().on_attempt(second, bench.request).kind() == Verdict::Kind::kGo);
  CHECK(second.pool == first.pool);
  CHECK(second.pool_reason == PoolReason::kExact);
}

}  // namespace
}  // namespace woad
