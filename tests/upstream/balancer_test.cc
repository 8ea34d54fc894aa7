#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "proxy/upstream/balancer.h"
#include "tests/upstream/fake_dialer.h"

using namespace woad;

namespace {

// One service of one pool; endpoint i listens at 127.0.0.1:<i + 1>.
struct Bench : test::PoolWorld {
  explicit Bench(const std::vector<uint32_t>& weights, uint64_t seed = 1)
      : registry(context), live_pools(registry), random(seed) {
    Pool& building = service->pool_for("", "");
    for (size_t i = 0; i < weights.size(); ++i) {
      const std::string name = "127.0.0.1:" + std::to_string(i + 1);
      building.endpoints.push_back(
          {.address = *Address::parse(name), .name = name, .weight = weights[i]});
    }
    service->channel = test::plain_channel();
    service->finish(health);
  }

  Pool& pool() { return service->pool_for("", ""); }
  const Endpoint& at(size_t index) { return pool().endpoints[index]; }
  LivePool& live() { return live_pools.of(*service, pool()); }
  // The place of the chosen one among those that are not refused, -1 for none.
  long pick(const PickBy& by, const std::set<size_t>& refused = {}) {
    const auto accept = [&](const Endpoint& endpoint) {
      return !refused.contains(static_cast<size_t>(&endpoint - pool().endpoints.data()));
    };
    const Endpoint* chosen = woad::pick(live(), by, random, accept);
    return chosen == nullptr ? -1 : chosen - pool().endpoints.data();
  }
  std::vector<int> picks(BalancerPolicy policy, int times, const std::set<size_t>& refused = {}) {
    std::vector<int> counts(pool().endpoints.size());
    for (int i = 0; i < times; ++i) ++counts[static_cast<size_t>(pick(policy, refused))];
    return counts;
  }
  // The places that the keys 0, 1, 2 … go to.
  std::vector<long> places(uint64_t keys, const std::set<size_t>& refused = {}) {
    std::vector<long> places;
    for (uint64_t key = 0; key < keys; ++key) {
      places.push_back(pick({BalancerPolicy::kRingHash, key}, refused));
    }
    return places;
  }
  void saw(size_t index, Duration took) {
    live().state(at(index)).latency.observe(took, scheduler.now());
  }
  void load(size_t index, uint32_t active) { live().state(at(index)).active = active; }
  // Those before it are near, the others far.
  void prefer(size_t first_far, double spill_below) {
    for (size_t i = 0; i < first_far; ++i) pool().endpoints[i].local = true;
    service->spill_below = spill_below;
    service->finish(health);
  }
  void join(size_t index) { pool().endpoints[index].joined = pool().last_join = scheduler.now(); }
  void lose_address(size_t index) { pool().endpoints[index].address = Address(); }

  HealthTable health;
  std::shared_ptr<Service> service = std::make_shared<Service>("price");
  EndpointRegistry registry;
  LivePools live_pools;
  Random random;
};

constexpr BalancerPolicy kAll[] = {BalancerPolicy::kLeastRequest, BalancerPolicy::kRoundRobin,
                                   BalancerPolicy::kRandom, BalancerPolicy::kPeakEwma,
                                   BalancerPolicy::kRingHash};  // without a key

TEST_CASE("balancer: shares follow the weights") {
  const std::vector<uint32_t> tables[] = {
      {100, 100}, {1, 3},     {100, 100, 100, 100, 100}, {10, 20, 30, 40}, {1, 1, 1, 997}, {5, 7},
      {3, 3, 3},  {1, 65535}, {65535, 65535, 65535},
  };
  constexpr int kTimes = 20'000;
  for (const auto& weights : tables) {
    for (const BalancerPolicy policy : kAll) {
      Bench bench(weights, 42);
      const auto counts = bench.picks(policy, kTimes);
      double total = 0;
      for (const uint32_t weight : weights) total += weight;
      for (size_t i = 0; i < weights.size(); ++i) {
        CAPTURE(to_string(policy));
        CAPTURE(i);
        CAPTURE(weights.size());
        const double expected = kTimes * weights[i] / total;
        // Six standard deviations of a binomial; the seed makes the run repeatable.
        const double deviation = std::sqrt(expected * (1 - weights[i] / total));
        CHECK(std::abs(counts[i] - expected) < 6 * (deviation + 1));
      }
    }
  }
}

TEST_CASE("balancer: round robin gives each its exact turn") {
  SUBCASE("even weights, one after another") {
    Bench bench({100, 100, 100});
    for (long i = 0; i < 12; ++i) CHECK(bench.pick(BalancerPolicy::kRoundRobin) == i % 3);
  }
  SUBCASE("uneven weights: exact in every round, and well mixed") {
    Bench bench({5, 1, 2});
    for (int round = 0; round < 4; ++round) {
      CHECK(bench.picks(BalancerPolicy::kRoundRobin, 8) == std::vector<int>{5, 1, 2});
    }
    int longest = 0;
    int run = 0;
    for (int i = 0; i < 80; ++i) {
      run = bench.pick(BalancerPolicy::kRoundRobin) == 0 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    CHECK(longest <= 3);
  }
}

TEST_CASE("balancer: least_request picks the less loaded") {
  SUBCASE("few endpoints: exactly the least loaded for its weight") {
    struct Case {
      std::vector<uint32_t> weights;
      std::vector<uint32_t> active;
      long chosen;
    };
    const Case cases[] = {{{100, 100}, {1, 0}, 1},         {{100, 100}, {0, 7}, 0},
                          {{100, 100, 100}, {3, 2, 9}, 1}, {{100, 200}, {2, 3}, 1},
                          {{100, 300}, {1, 4}, 0},         {{1, 1000}, {1, 999}, 1}};
    for (const Case& each : cases) {
      Bench bench(each.weights);
      for (size_t i = 0; i < each.active.size(); ++i) bench.load(i, each.active[i]);
      for (int i = 0; i < 50; ++i) {
        CHECK(bench.pick(BalancerPolicy::kLeastRequest) == each.chosen);
      }
    }
  }
  SUBCASE("many endpoints: the busiest gets only what both draws give it") {
    Bench bench({100, 100, 100, 100, 100, 100, 100, 100, 100, 100});
    bench.load(4, 1000);
    const auto counts = bench.picks(BalancerPolicy::kLeastRequest, 20'000);
    CHECK(counts[4] < 400);  // 1 % expected
    for (size_t i = 0; i < counts.size(); ++i) {
      if (i != 4) CHECK(counts[i] > 1800);
    }
  }
  SUBCASE("load that is counted as it is given spreads out") {
    Bench bench({100, 100, 100, 100, 100, 100, 100, 100});
    for (int i = 0; i < 8000; ++i) {
      const auto chosen = static_cast<size_t>(bench.pick(BalancerPolicy::kLeastRequest));
      ++bench.live().state(bench.at(chosen)).active;
    }
    for (size_t i = 0; i < 8; ++i) {
      CHECK(bench.live().state(bench.at(i)).active == doctest::Approx(1000).epsilon(0.01));
    }
  }
}

TEST_CASE("balancer: what is not accepted, and endpoints without an address") {
  for (const BalancerPolicy policy : kAll) {
    CAPTURE(to_string(policy));
    Bench bench({100, 50, 100});
    for (int i = 0; i < 200; ++i) CHECK(bench.pick(policy, {0}) != 0);
    bench.lose_address(1);
    for (int i = 0; i < 200; ++i) CHECK(bench.pick(policy) != 1);
    for (int i = 0; i < 200; ++i) CHECK(bench.pick(policy, {0}) == 2);
    bench.lose_address(2);
    for (int i = 0; i < 50; ++i) CHECK(bench.pick(policy) == 0);
    CHECK(bench.pick(policy, {0}) == -1);
    bench.lose_address(0);
    CHECK(bench.pick(policy) == -1);
    CHECK(Bench({}).pick(policy) == -1);
    Bench alone({7});
    CHECK(alone.pick(policy) == 0);
    CHECK(alone.pick(policy, {0}) == -1);
  }
}

TEST_CASE("balancer: the share of what is not accepted goes to all others") {
  for (const BalancerPolicy policy : kAll) {
    CAPTURE(to_string(policy));
    Bench bench({100, 100, 100, 100, 100, 100, 100, 100}, 7);
    const auto counts = bench.picks(policy, 14'000, {3});
    CHECK(counts[3] == 0);
    for (const size_t i : {0u, 1u, 2u, 4u, 5u, 6u, 7u}) {
      CHECK(counts[i] == doctest::Approx(2000).epsilon(0.1));
    }
  }
}

TEST_CASE("balancer: the only one left is found, wherever it stands") {
  for (const BalancerPolicy policy : kAll) {
    std::set<size_t> all_but_seven;
    for (size_t i = 0; i < 40; ++i) {
      if (i != 7) all_but_seven.insert(i);
    }
    Bench bench(std::vector<uint32_t>(40, 100));
    for (int i = 0; i < 200; ++i) CHECK(bench.pick(policy, all_but_seven) == 7);
  }
}

TEST_CASE("balancer: requests stay near, and spill over by what is missing there") {
  struct Case {
    std::set<size_t> refused;
    double near;  // the share that stays
  };
  // Four are near; 70 % of them are enough.
  const std::vector<uint32_t> weights{100, 100, 100, 100, 50, 100, 150};
  for (const Case& each : {Case{{}, 1},
                           {{0}, 1},
                           {{0, 1}, 0.5 / 0.7},
                           {{0, 1, 2}, 0.25 / 0.7},
                           {{0, 1, 2, 3}, 0},
                           {{0, 1, 2, 4, 5, 6}, 1}}) {
    for (const BalancerPolicy policy : kAll) {
      CAPTURE(to_string(policy));
      CAPTURE(each.near);
      Bench bench(weights, 11);
      bench.prefer(4, 0.7);
      constexpr int kTimes = 20'000;
      const auto counts = bench.picks(policy, kTimes, each.refused);
      double near_left = 0;
      double far_left = 0;
      for (size_t i = 0; i < weights.size(); ++i) {
        if (!each.refused.contains(i)) (i < 4 ? near_left : far_left) += weights[i];
      }
      for (size_t i = 0; i < weights.size(); ++i) {
        CAPTURE(i);
        if (each.refused.contains(i)) {
          CHECK(counts[i] == 0);
          continue;
        }
        const double share =
            i < 4 ? each.near * weights[i] / near_left : (1 - each.near) * weights[i] / far_left;
        // What is refused goes on to its neighbours in some of the picks.
        CHECK(std::abs(counts[i] - kTimes * share) < 0.15 * kTimes * share + 200);
      }
    }
  }
}

TEST_CASE("balancer: the whole pool, when nobody is preferred") {
  for (const BalancerPolicy policy : kAll) {
    Bench bench({100, 100, 100, 100}, 3);
    bench.prefer(2, 0.7);
    PickBy by = policy;
    by.reach = Reach::kWholePool;
    std::vector<int> counts(4);
    for (int i = 0; i < 20'000; ++i) ++counts[static_cast<size_t>(bench.pick(by))];
    for (const int each : counts) CHECK(each == doctest::Approx(5000).epsilon(0.1));
  }
}

TEST_CASE("balancer: ring_hash stays near by its key") {
  Bench bench(std::vector<uint32_t>(12, 100));
  const auto all = bench.places(20'000);
  bench.prefer(4, 1);
  const auto near = bench.places(20'000);
  CHECK(std::all_of(near.begin(), near.end(), [](long place) { return place < 4; }));
  CHECK(Bench({100, 100, 100, 100}).places(20'000) == near);
  // One of four is out: a fourth goes far, and every key where it went before.
  const auto spilt = bench.places(20'000, {0});
  CHECK(bench.places(20'000, {0}) == spilt);
  const auto far = std::count_if(spilt.begin(), spilt.end(), [](long at) { return at >= 4; });
  CHECK(far == doctest::Approx(5000).epsilon(0.1));
  for (size_t i = 0; i < spilt.size(); ++i) {
    if (spilt[i] < 4 && near[i] != 0) CHECK(spilt[i] == near[i]);
    if (spilt[i] >= 4 && all[i] >= 4) CHECK(spilt[i] == all[i]);
  }
}

TEST_CASE("balancer: one that joined gets a share that grows") {
  constexpr int kTimes = 20'000;
  for (const BalancerPolicy policy : kAll) {
    CAPTURE(to_string(policy));
    Bench bench(std::vector<uint32_t>(5, 100), 5);
    bench.join(4);
    for (const double share : {0.1, 0.5, 0.9}) {
      CAPTURE(share);
      const auto counts = bench.picks(policy, kTimes);
      // Its share of picks, or, with round robin, of turns.
      CHECK(counts[4] > 0.8 * kTimes * share / 5);
      CHECK(counts[4] < 1.2 * kTimes * share / (4 + share));
      for (size_t i = 0; i < 4; ++i) {
        CHECK(counts[i] == doctest::Approx((kTimes - counts[4]) / 4.0).epsilon(0.15));
      }
      bench.pass(share == 0.1 ? seconds(15) : seconds(12));
    }
    bench.pass(seconds(3));
    CHECK(bench.picks(policy, kTimes)[4] == doctest::Approx(kTimes / 5.0).epsilon(0.1));
    CHECK_FALSE(bench.live().has_starters());
  }
}

TEST_CASE("balancer: one that joined is asked when nobody else may be") {
  for (const BalancerPolicy policy : kAll) {
    Bench bench({100, 100, 100});
    bench.join(2);
    for (int i = 0; i < 100; ++i) CHECK(bench.pick(policy, {0, 1}) == 2);
  }
}

TEST_CASE("balancer: one that joined is not flooded for having nothing to do") {
  for (const BalancerPolicy policy : {BalancerPolicy::kLeastRequest, BalancerPolicy::kPeakEwma}) {
    Bench bench({100, 100, 100});
    bench.join(2);
    bench.load(0, 50);
    bench.load(1, 50);
    CHECK(bench.picks(policy, 20'000)[2] == doctest::Approx(2000).epsilon(0.1));
  }
}

TEST_CASE("balancer: the keys of one that joined are its own at once") {
  Bench bench(std::vector<uint32_t>(5, 100));
  bench.join(4);
  CHECK(bench.places(1000) == Bench(std::vector<uint32_t>(5, 100)).places(1000));
  CHECK(bench.live().has_starters());
}

TEST_CASE("balancer: peak_ewma picks the one that will have answered first") {
  SUBCASE("few endpoints: exactly") {
    struct Each {
      Duration took;  // zero: nothing was heard of it
      uint32_t active;
      uint32_t weight = 100;
    };
    struct Case {
      std::vector<Each> endpoints;
      long chosen;
    };
    const Case cases[] = {
        {{{milliseconds(50), 0}, {milliseconds(20), 0}}, 1},
        {{{milliseconds(50), 0}, {milliseconds(20), 3}}, 0},
        {{{milliseconds(50), 0}, {milliseconds(20), 1}}, 1},
        {{{milliseconds(50), 0}, {Duration(0), 0}}, 1},        // nothing is known of it: look
        {{{milliseconds(50), 9}, {Duration(0), 1}}, 0},        // it is being looked at
        {{{microseconds(10), 1}, {microseconds(900), 0}}, 1},  // both are fast
        {{{milliseconds(50), 2, 300}, {milliseconds(50), 1, 100}}, 0},
    };
    for (const Case& each : cases) {
      std::vector<uint32_t> weights;
      for (const Each& endpoint : each.endpoints) weights.push_back(endpoint.weight);
      Bench bench(weights);
      for (size_t i = 0; i < weights.size(); ++i) {
        bench.load(i, each.endpoints[i].active);
        const Duration took = each.endpoints[i].took;
        if (took > Duration(0)) bench.saw(i, took);
      }
      for (int i = 0; i < 50; ++i) CHECK(bench.pick(BalancerPolicy::kPeakEwma) == each.chosen);
    }
  }
  SUBCASE("many endpoints: the slowest gets only what both draws give it") {
    Bench bench(std::vector<uint32_t>(10, 100));
    bench.saw(4, seconds(1));
    const auto counts = bench.picks(BalancerPolicy::kPeakEwma, 20'000);
    CHECK(counts[4] < 400);  // 1 % expected
    for (size_t i = 0; i < counts.size(); ++i) {
      if (i != 4) CHECK(counts[i] > 1800);
    }
  }
}

TEST_CASE("balancer: ring_hash gives keys out by weight, and the same key to the same endpoint") {
  const std::vector<uint32_t> tables[] = {{100, 100},     {1, 3},     {10, 20, 30, 40},
                                          {1, 1, 1, 997}, {1, 65535}, std::vector<uint32_t>(20, 5)};
  constexpr int kKeys = 60'000;
  for (const auto& weights : tables) {
    Bench bench(weights);
    const auto places = bench.places(kKeys);
    CHECK(Bench(weights, 2).places(kKeys) == places);
    double total = 0;
    for (const uint32_t weight : weights) total += weight;
    for (size_t i = 0; i < weights.size(); ++i) {
      CAPTURE(i);
      CAPTURE(weights.size());
      const double expected = kKeys * weights[i] / total;
      const auto counted = static_cast<double>(std::count(places.begin(), places.end(), i));
      const double deviation = std::sqrt(expected * (1 - weights[i] / total));
      CHECK(std::abs(counted - expected) < 6 * (deviation + 1));
    }
  }
}

TEST_CASE("balancer: ring_hash moves the keys of one that leaves, and no others") {
  constexpr size_t kKeys = 20'000;
  for (const auto& weights : {std::vector<uint32_t>(10, 100), {10, 20, 30, 40}}) {
    const auto before = Bench(weights).places(kKeys);
    const long last = static_cast<long>(weights.size()) - 1;
    const auto after = Bench({weights.begin(), weights.end() - 1}).places(kKeys);
    CHECK(Bench(weights).places(kKeys, {static_cast<size_t>(last)}) == after);
    std::vector<int> taken(weights.size());
    for (size_t i = 0; i < kKeys; ++i) {
      if (before[i] != last) {
        CHECK(after[i] == before[i]);
      } else {
        ++taken[static_cast<size_t>(after[i])];
      }
    }
    for (size_t i = 0; i + 1 < weights.size(); ++i) CHECK(taken[i] > 0);  // all share them
  }
}

TEST_CASE("balancer: ring_hash gives an endpoint no more than a fourth over its share") {
  Bench bench({100, 100, 100, 100});
  constexpr uint64_t kKey = 7;
  const auto place = [&] { return static_cast<size_t>(bench.places(kKey + 1).back()); };
  const size_t own = place();
  std::vector<uint32_t> active(4);
  for (int i = 0; i < 400; ++i) {
    const size_t chosen = place();
    CHECK((chosen == own || active[own] >= 16));  // a few requests are no load
    bench.load(chosen, ++active[chosen]);
  }
  for (const uint32_t each : active) CHECK(each <= 126);
  CHECK(active[own] > 100);
  bench.load(own, 0);
  CHECK(place() == own);
}

TEST_CASE("balancer: ring_hash and a key's second choice") {
  Bench bench({100, 100, 100, 100});
  for (uint64_t key = 0; key < 200; ++key) {
    const PickBy by(BalancerPolicy::kRingHash, key);
    const auto first = static_cast<size_t>(bench.pick(by));
    const auto second = static_cast<size_t>(bench.pick(by, {first}));
    CHECK(second != first);
    CHECK(bench.pick(by, {first}) == static_cast<long>(second));
    CHECK(bench.pick(by, {0, 1, 2, 3}) == -1);
  }
}

}  // namespace
