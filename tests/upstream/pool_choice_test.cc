#include "proxy/upstream/pool_choice.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

constexpr MonoTime kNow{seconds(1000)};

// "red", "red@acme", "base", "base@acme"; a '!' in front: no endpoint there.
Service service_of(const std::vector<std::string_view>& pools, OnUnhealthy on_unhealthy,
                   Fallback fallback) {
  Service service("price");
  service.fallback = fallback;
  for (std::string_view written : pools) {
    const bool empty = written.starts_with('!');
    if (empty) written.remove_prefix(1);
    const size_t at = written.find('@');
    const std::string_view color = written.substr(0, at);
    const std::string_view tenant =
        at == std::string_view::npos ? std::string_view() : written.substr(at + 1);
    Pool& pool = service.pool_for(color == "base" ? std::string_view() : color, tenant);
    pool.on_unhealthy = on_unhealthy;
    if (!empty) pool.endpoints.emplace_back().name = "10.0.0.1:80";
  }
  HealthTable health;
  service.finish(health);
  return service;
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

TEST_CASE("pool choice: the pool of a request") {
  for (const Case& each : kCases) {
    CAPTURE(each.what);
    const Service service = service_of(each.pools, each.on_unhealthy, each.fallback);
    const PoolChoice choice = choose_pool(service, each.color, each.tenant, kNow);
    CHECK((choice.pool == nullptr ? "" : choice.pool->name) == each.expected);
    CHECK(choice.reason == each.reason);
    CHECK((choice.error == each.error));
  }
}

TEST_CASE("pool choice: no colour falls back to the base of a stateful service") {
  struct Stateful {
    std::vector<std::string_view> pools;
    std::string_view color, tenant, expected;
    PoolReason reason;
  };
  const Stateful cases[] = {
      {{"base"}, "", "", "base", PoolReason::kUndyed},
      {{"base", "base@acme"}, "", "acme", "base@acme", PoolReason::kUndyed},
      {{"base", "red"}, "red", "", "red", PoolReason::kExact},
      {{"base", "red"}, "red.alice", "", "red", PoolReason::kParent},
      {{"base", "red"}, "red.alice", "acme", "red", PoolReason::kParent},
      {{"base"}, "red", "", "", PoolReason::kFailedAbsent},
      {{"base", "base@acme"}, "red.alice", "acme", "", PoolReason::kFailedAbsent},
      {{"base", "!red"}, "red", "", "", PoolReason::kFailedUnhealthy},
  };
  for (const Fallback fallback : {kParents, Fallback::kBase}) {
    for (const Stateful& each : cases) {
      if (fallback == Fallback::kBase && each.reason == PoolReason::kParent) continue;
      CAPTURE(each.color);
      Service service = service_of(each.pools, kOver, fallback);
      service.stateful = true;
      const PoolChoice choice = choose_pool(service, each.color, each.tenant, kNow);
      CHECK((choice.pool == nullptr ? "" : choice.pool->name) == each.expected);
      CHECK(choice.reason == each.reason);
      if (!each.expected.empty()) continue;
      CHECK((choice.error == ErrorCode::kNoEndpoint));
      CHECK(refusal(choice, service, each.color, "", kNow)
                .details.ends_with(", and it is stateful: no color falls back to its base"));
    }
  }
}

TEST_CASE("pool choice: what was looked for, in order") {
  const Service service = service_of({"base", "!red"}, kOver, kParents);
  std::vector<PoolAsked> asked;
  (void)choose_pool(service, "red.alice", "acme", kNow, &asked);
  std::string text;
  for (const auto& [name, pool] : asked) text += name + (pool == nullptr ? "- " : " ");
  CHECK(text == "red.alice@acme- red.alice- red@acme- red base@acme- base ");
}

Endpoint at(const std::string& address) {
  return {.address = *Address::parse(address), .name = address};
}

// "good", "sick" (by its check) or "out" (ejected), one for each endpoint of red; base is good.
struct Well {
  std::vector<std::string_view> red;
  OnUnhealthy on_unhealthy;
  std::string_view expected;  // the pool, "" for none
  PoolReason reason;
  ErrorCode error = ErrorCode::kNone;
  std::string_view details = "";
};

TEST_CASE("pool choice: a pool in which nobody may answer now") {
  const Well cases[] = {
      {{"good"}, kFail, "red", PoolReason::kExact},
      {{"sick", "good"}, kFail, "red", PoolReason::kExact},
      {{"out", "sick", "good"}, kFail, "red", PoolReason::kExact},
      {{"sick"},
       kFail,
       "red",
       PoolReason::kFailedUnhealthy,
       ErrorCode::kPoolUnhealthy,
       "service price has no endpoint to answer in pool red (1 failed its health check), asked for "
       "by color red (on_unhealthy: fail)"},
      {{"sick", "out", "sick"},
       kFail,
       "red",
       PoolReason::kFailedUnhealthy,
       ErrorCode::kPoolUnhealthy,
       "service price has no endpoint to answer in pool red (2 failed their health check, 1 is "
       "ejected), asked for by color red (on_unhealthy: fail)"},
      {{"sick", "out"}, kOver, "base", PoolReason::kBaseUnhealthy},
      {{"sick", "out"}, kPanic, "red", PoolReason::kExact},
  };
  for (const Well& each : cases) {
    Service service("price");
    service.health_check.emplace();
    Pool& red = service.pool_for("red", "");
    red.on_unhealthy = each.on_unhealthy;
    service.pool_for("", "").endpoints.push_back(at("10.0.0.1:80"));
    Pool& pool = service.pool_for("red", "");
    for (size_t i = 0; i < each.red.size(); ++i) {
      pool.endpoints.push_back(at("10.0.1." + std::to_string(i) + ":80"));
    }
    HealthTable health;
    service.finish(health);
    Random random(1);
    for (size_t i = 0; i < each.red.size(); ++i) {
      const Endpoint& endpoint = pool.endpoints[i];
      if (each.red[i] == "sick") endpoint.check->tell(false);
      if (each.red[i] == "out") {
        endpoint.health->ejection.eject(kNow, {1, seconds(5), seconds(5), 1}, random);
      }
    }
    const PoolChoice choice = choose_pool(service, "red", "", kNow);
    CHECK((choice.pool == nullptr ? "" : choice.pool->name) == each.expected);
    CHECK(choice.reason == each.reason);
    REQUIRE((choice.error == each.error));
    if (each.error != ErrorCode::kNone) {
      CHECK(refusal(choice, service, "red", "", kNow).details == each.details);
    }
  }
}

TEST_CASE("pool choice: names without an address are not unhealthy") {
  Service service("price");
  service.pool_for("red", "").endpoints.emplace_back().unresolved = "red.test: not there";
  HealthTable health;
  service.finish(health);
  const PoolChoice choice = choose_pool(service, "red", "", kNow);
  CHECK((choice.error == ErrorCode::kNone));
  REQUIRE(choice.pool != nullptr);
}

TEST_CASE("pool choice: what is said") {
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
      {{"!red"},
       kOver,
       kParents,
       "red",
       "service price has no healthy pool for color red, and none of base to fall back to"},
  };
  for (const Said& each : cases) {
    const Service service = service_of(each.pools, each.on_unhealthy, each.fallback);
    const PoolChoice choice = choose_pool(service, each.color, "", kNow);
    const bool chosen = choice.pool != nullptr || choice.error != ErrorCode::kNone;
    REQUIRE(chosen);
    CHECK(refusal(choice, service, each.color, "", kNow).details == each.details);
  }
}

}  // namespace
}  // namespace woad
