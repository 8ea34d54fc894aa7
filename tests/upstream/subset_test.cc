#include "proxy/upstream/subset.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proxy/base/stable_hash.h"
#include "proxy/upstream/service.h"

using namespace woad;

namespace {

std::vector<Endpoint> endpoints(size_t count) {
  std::vector<Endpoint> made(count);
  for (size_t i = 0; i < count; ++i) {
    made[i].name = "10.0.0.1:" + std::to_string(i + 1);
    made[i].hash = stable_hash(made[i].name);
  }
  return made;
}

std::vector<std::string> names(const std::vector<Endpoint>& of) {
  std::vector<std::string> names;
  for (const Endpoint& endpoint : of) names.push_back(endpoint.name);
  return names;
}

std::vector<std::string> kept(std::vector<Endpoint> of, const Subset& subset) {
  keep_subset(of, subset);
  return names(of);
}

Subset by_index(uint32_t size, uint32_t index) { return {.size = size, .index = index}; }
Subset by_name(uint32_t size, uint32_t caller) {
  return {.size = size, .index = {}, .caller = stable_hash("cart-" + std::to_string(caller))};
}
using Kind = Subset (*)(uint32_t, uint32_t);
constexpr Kind kKinds[] = {by_index, by_name};

// How many of `callers` sidecars each endpoint has.
std::map<std::string, int> callers_of(const std::vector<Endpoint>& all, uint32_t size, Kind kind,
                                      uint32_t callers) {
  std::map<std::string, int> counts;
  for (const Endpoint& endpoint : all) counts[endpoint.name] = 0;
  for (uint32_t i = 0; i < callers; ++i) {
    const auto mine = kept(all, kind(size, i));
    CHECK(mine.size() == std::min<size_t>(size, all.size()));
    CHECK(std::set(mine.begin(), mine.end()).size() == mine.size());
    for (const std::string& name : mine) ++counts[name];
  }
  return counts;
}

TEST_CASE("subset: a pool that is no larger stays whole") {
  for (const Kind kind : kKinds) {
    for (const size_t count : {0u, 1u, 19u, 20u}) {
      CHECK(kept(endpoints(count), kind(20, 7)) == names(endpoints(count)));
    }
    CHECK(kept(endpoints(21), kind(20, 7)).size() == 20);
  }
}

TEST_CASE("subset: by index, 300 callers are spread as evenly as the rounds are") {
  struct Case {
    size_t endpoints;
    uint32_t size;
  };
  for (const Case& each : {Case{300, 30}, {100, 20}, {100, 1}, {60, 20}, {107, 20}, {39, 20}}) {
    CAPTURE(each.endpoints);
    CAPTURE(each.size);
    const auto counts = callers_of(endpoints(each.endpoints), each.size, by_index, 300);
    const double slices = std::floor(static_cast<double>(each.endpoints) / each.size);
    const double rounds = std::ceil(300 / slices);
    // In a round nobody has two callers, and those that are left over have none.
    const double mean = 300.0 * each.size / static_cast<double>(each.endpoints);
    const double left_over = 1 - slices * each.size / static_cast<double>(each.endpoints);
    const double deviation = std::sqrt(rounds * left_over * (1 - left_over));
    for (const auto& row : counts) {
      const auto& [name, count] = row;
      CAPTURE(row.first);
      CHECK(count <= rounds);
      CHECK(std::abs(count - mean) <= 6 * deviation + 1);
    }
  }
}

TEST_CASE("subset: by hash, 300 callers are spread as dice would") {
  for (const size_t count : {40u, 100u, 300u}) {
    const double share = 20.0 / static_cast<double>(count);
    const double deviation = std::sqrt(300 * share * (1 - share));
    for (const auto& row : callers_of(endpoints(count), 20, by_name, 300)) {
      const auto& [name, callers] = row;
      CAPTURE(row.first);
      CHECK(std::abs(callers - 300 * share) < 5 * deviation);
    }
  }
}

TEST_CASE("subset: the order in the file does not matter, and is kept") {
  const auto all = endpoints(90);
  auto turned = all;
  std::reverse(turned.begin(), turned.end());
  for (const Kind kind : kKinds) {
    for (uint32_t i = 0; i < 20; ++i) {
      const auto mine = kept(all, kind(20, i));
      auto other = kept(turned, kind(20, i));
      std::reverse(other.begin(), other.end());
      CHECK(mine == other);
    }
  }
}

TEST_CASE("subset: who leaves takes one place in the subsets it was in") {
  const auto all = endpoints(310);
  for (const Kind kind : kKinds) {
    for (const size_t gone : {0u, 55u, 309u}) {
      auto left = all;
      left.erase(left.begin() + static_cast<ptrdiff_t>(gone));
      for (uint32_t i = 0; i < 300; ++i) {
        auto before = kept(all, kind(20, i));
        auto after = kept(left, kind(20, i));
        std::sort(before.begin(), before.end());
        std::sort(after.begin(), after.end());
        std::vector<std::string> stayed;
        std::set_intersection(before.begin(), before.end(), after.begin(), after.end(),
                              std::back_inserter(stayed));
        CHECK(stayed.size() >= 19);
        const bool had = std::binary_search(before.begin(), before.end(), all[gone].name);
        if (kind == by_name) CHECK((stayed.size() == 19) == had);
      }
    }
  }
}

TEST_CASE("subset: of each pool, of what has a weight") {
  Service service("price");
  const auto add = [&](std::string_view color, size_t count, uint32_t weight) {
    for (Endpoint& endpoint : endpoints(count)) {
      endpoint.weight = weight;
      service.pool_for(color, "").endpoints.push_back(endpoint);
    }
  };
  add("", 30, 0);
  add("", 30, 100);
  add("red", 3, 100);
  service.subset = by_index(20, 0);
  HealthTable health;
  service.finish(health);
  CHECK(service.pools()[0].endpoints.size() == 20);
  CHECK(service.pools()[0].near.total_weight == 2000);
  CHECK(service.pools()[1].endpoints.size() == 3);
}

}  // namespace
