#include "proxy/upstream/balancer.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace woad;

namespace {

struct World {
  // Endpoint i listens at 127.0.0.1:<i + 1>; a weight below 0 is that of one elsewhere.
  explicit World(const std::vector<int>& weights) {
    Pool& building = service.pool_for("", "");
    for (size_t i = 0; i < weights.size(); ++i) {
      const std::string name = "127.0.0.1:" + std::to_string(i + 1);
      building.endpoints.push_back({.address = *Address::parse(name),
                                    .name = name,
                                    .weight = static_cast<uint32_t>(std::abs(weights[i])),
                                    .local = weights[i] > 0});
    }
    service.finish(health);
  }
  const Pool& pool() const { return service.pools().front(); }
  std::vector<std::string> names(const Stretch& of) const {
    std::vector<std::string> names;
    for (size_t i = of.first; i < of.first + of.count; ++i) {
      names.push_back(pool().endpoints[i].name.substr(10));
    }
    return names;
  }

  HealthTable health;
  Service service{"price"};
};

using Names = std::vector<std::string>;

TEST_CASE("locality: a pool stands divided, in the order of the file") {
  struct Case {
    std::vector<int> weights;
    Names near, far;
    uint64_t near_weight, far_weight;
  };
  for (const Case& each : {Case{{-1, 2, -3, 4, -5}, {"2", "4"}, {"1", "3", "5"}, 6, 9},
                           {{1, 2, 3}, {"1", "2", "3"}, {}, 6, 0},
                           {{-1, -2}, {"1", "2"}, {}, 3, 0},
                           {{0, -2, 0}, {"2"}, {}, 2, 0},
                           {{}, {}, {}, 0, 0}}) {
    const World world(each.weights);
    CHECK(world.names(world.pool().near) == each.near);
    CHECK(world.names(world.pool().far) == each.far);
    CHECK(world.pool().near.total_weight == each.near_weight);
    CHECK(world.pool().far.total_weight == each.far_weight);
  }
}

TEST_CASE("locality: below the bound, as much stays as there is of it") {
  struct Case {
    std::vector<int> weights;
    std::set<std::string> out;
    double spill_below;
    double stays;
  };
  const std::vector<int> ten{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1};
  for (const Case& each : {Case{ten, {}, 0.7, 1},
                           {ten, {"1", "2", "3"}, 0.7, 1},
                           {ten, {"1", "2", "3", "4"}, 0.7, 6 / 7.0},
                           {ten, {"1", "2", "3", "4"}, 0.5, 1},
                           {ten, {"1"}, 1, 0.9},
                           {ten, {"1", "2", "3", "4", "5", "6", "7", "8", "9"}, 0, 1},
                           {ten, {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, 0, 0},
                           {ten, {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, 0.7, 0},
                           {{300, 100, -1}, {"1"}, 0.5, 0.5},
                           {{300, 100, -1}, {"2"}, 0.5, 1}}) {
    const World world(each.weights);
    CAPTURE(each.out.size());
    CAPTURE(each.spill_below);
    const auto accept = [&](const Endpoint& endpoint) {
      return !each.out.contains(endpoint.name.substr(10));
    };
    CHECK(near_share(world.pool(), each.spill_below, accept) == doctest::Approx(each.stays));
  }
}

}  // namespace
