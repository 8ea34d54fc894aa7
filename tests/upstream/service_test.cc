#include "proxy/upstream/service.h"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

using namespace woad;

namespace {

Endpoint endpoint(const std::string& name, uint32_t weight = 100) {
  return {.address = *Address::parse(name), .name = name, .weight = weight};
}

TEST_CASE("service: names of pools") {
  struct Case {
    std::string_view color, tenant, name;
  };
  for (const Case& each : {Case{"", "", "base"}, Case{"red", "", "red"},
                           Case{"red", "acme", "red@acme"}, Case{"", "acme", "base@acme"}}) {
    CHECK(pool_name(each.color, each.tenant) == each.name);
  }
}

TEST_CASE("service: a pool is found by exactly its colour and tenant") {
  // Few pools are searched in order, many by hash: both ways must agree.
  for (const int extra : {0, 3, 4, 5, 6, 40}) {
    CAPTURE(extra);
    Service service("price");
    service.pool_for("", "");
    service.pool_for("red", "");
    service.pool_for("red", "acme");
    service.pool_for("", "acme");
    for (int i = 0; i < extra; ++i) service.pool_for("c" + std::to_string(i), "");
    HealthTable health;
    service.finish(health);
    CHECK(service.pools().size() == 4u + static_cast<size_t>(extra));
    struct Case {
      std::string_view color, tenant, found;
    };
    const Case cases[] = {
        {"", "", "base"},          {"red", "", "red"},   {"red", "acme", "red@acme"},
        {"", "acme", "base@acme"}, {"red", "other", ""}, {"re", "", ""},
        {"redd", "", ""},          {"base", "", ""},     {"c39", "", extra == 40 ? "c39" : ""}};
    for (const Case& each : cases) {
      if (each.color == "base") continue;  // reserved: never a colour at run time
      CAPTURE(each.color);
      CAPTURE(each.tenant);
      const Pool* pool = service.find_pool(each.color, each.tenant);
      CHECK((pool == nullptr ? "" : pool->name) == each.found);
    }
  }
}

TEST_CASE("service: the same labels give the same pool") {
  Service service("price");
  service.pool_for("red", "").endpoints.push_back(endpoint("127.0.0.1:1"));
  service.pool_for("", "").endpoints.push_back(endpoint("127.0.0.1:2"));
  service.pool_for("red", "").endpoints.push_back(endpoint("127.0.0.1:3"));
  HealthTable health;
  service.finish(health);
  REQUIRE(service.pools().size() == 2);
  const Pool& red = service.pools()[0];
  const Pool& base = service.pools()[1];
  CHECK(red.endpoints.size() == 2);
  CHECK(red.on_unhealthy == OnUnhealthy::kFail);
  CHECK(base.on_unhealthy == OnUnhealthy::kPanic);
}

TEST_CASE("service: weights") {
  struct Case {
    std::vector<uint32_t> weights;
    size_t left;
    uint64_t total;
    bool even;
  };
  const Case cases[] = {{{}, 0, 0, true},
                        {{0}, 0, 0, true},
                        {{100}, 1, 100, true},
                        {{100, 100, 100}, 3, 300, true},
                        {{1, 2, 3}, 3, 6, false},
                        {{0, 5, 0, 5}, 2, 10, true},
                        {{1'000'000, 1}, 2, 1'000'001, false}};
  for (const Case& each : cases) {
    CAPTURE(each.total);
    Service service("price");
    Pool& pool = service.pool_for("", "");
    for (const uint32_t weight : each.weights) {
      pool.endpoints.push_back(endpoint("127.0.0.1:1", weight));
    }
    HealthTable health;
    service.finish(health);
    CHECK(pool.endpoints.size() == each.left);
    CHECK(pool.may_answer(MonoTime{}) == (each.left > 0));
    CHECK(pool.near.total_weight == each.total);
    CHECK(pool.near.even_weights == each.even);
    if (each.total > 0) CHECK(std::gcd(pool.near.stride, pool.near.total_weight) == 1);
    CHECK(pool.far.count == 0);
  }
}

}  // namespace
