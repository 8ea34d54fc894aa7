#include "proxy/upstream/live_pools.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/upstream/fake_dialer.h"

using namespace woad;

namespace {

struct World : test::PoolWorld {
  // A service of one pool, as a snapshot would have it.
  std::shared_ptr<const Service> service(const std::vector<std::string>& endpoints,
                                         std::shared_ptr<const Channel> over) {
    auto made = std::make_shared<Service>("price");
    for (const std::string& name : endpoints) {
      made->pool_for("", "").endpoints.push_back({.address = *Address::parse(name), .name = name});
    }
    made->channel = std::move(over);
    made->finish(health);
    return made;
  }
  static const Pool& pool(const Service& of) { return of.pools().front(); }
  EndpointState& state(const Service& of, size_t index) {
    return live_pools.of(of, pool(of)).state(pool(of).endpoints[index]);
  }
  // The snapshot of these services is the newest.
  void adopt(const std::vector<std::shared_ptr<const Service>>& services) {
    std::vector<const Service*> all;
    for (const auto& each : services) all.push_back(each.get());
    live_pools.retire_all_but(all);
  }

  HealthTable health;
  std::shared_ptr<const Channel> channel = test::plain_channel();
  EndpointRegistry registry{context};
  LivePools live_pools{registry};
};

TEST_CASE("live pools: snapshots that share a service share what is live of it") {
  World world;
  const auto price = world.service({"127.0.0.1:1", "127.0.0.1:2"}, world.channel);
  LivePool& live = world.live_pools.of(*price, World::pool(*price));
  live.turn(live.pool().near) = 7;
  CHECK(live.active(1) == 0);
  live.state(World::pool(*price).endpoints[1]).active = 3;
  CHECK(live.active(0) == 0);
  CHECK(live.active(1) == 3);
  world.adopt({price});
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(&world.live_pools.of(*price, World::pool(*price)) == &live);
  CHECK(live.turn(live.pool().near) == 7);
  live.state(World::pool(*price).endpoints[1]).active = 0;
}

TEST_CASE("live pools: a changed service takes over the endpoints that it keeps") {
  World world;
  const auto before = world.service({"127.0.0.1:1", "127.0.0.1:2"}, world.channel);
  EndpointState& kept = world.state(*before, 0);
  EndpointState& gone = world.state(*before, 1);
  gone.active = 1;
  const auto after = world.service({"127.0.0.1:3", "127.0.0.1:1"}, world.channel);
  world.adopt({after});
  CHECK(kept.current);
  CHECK_FALSE(gone.current);
  CHECK(&world.state(*after, 1) == &kept);
  CHECK(world.live_pools.drop_retired());  // somebody is still at it
  gone.active = 0;
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(world.registry.find(World::pool(*before).endpoints[1], *world.channel) == nullptr);
  CHECK(&world.state(*after, 1) == &kept);
}

TEST_CASE("live pools: one address and channel is one state, whoever names it") {
  World world;
  const auto price = world.service({"127.0.0.1:1"}, world.channel);
  const auto stock = world.service({"127.0.0.1:1"}, world.channel);
  const auto secure = world.service({"127.0.0.1:1"}, test::plain_channel());
  EndpointState& shared = world.state(*price, 0);
  CHECK(&world.state(*stock, 0) == &shared);
  EndpointState& apart = world.state(*secure, 0);
  CHECK(&apart != &shared);
  CHECK(&apart.health() == &shared.health());
  world.adopt({stock});
  CHECK(shared.current);
  CHECK_FALSE(apart.current);
  // Nothing was sent to the newest one's pool yet.
  const auto fresh = world.service({"127.0.0.1:1"}, world.channel);
  world.adopt({fresh});
  CHECK(shared.current);
  world.adopt({});
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(world.registry.find(World::pool(*fresh).endpoints[0], *world.channel) == nullptr);
}

TEST_CASE("live pools: a service is kept as long as its pools are known by their address") {
  World world;
  auto price = world.service({"127.0.0.1:1"}, world.channel);
  const std::weak_ptr<const Service> alive = price;
  world.state(*price, 0);
  price.reset();
  CHECK_FALSE(alive.expired());
  world.adopt({});
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(alive.expired());
}

TEST_CASE("live pools: a service that no file names stays while it is used") {
  World world;
  auto made = std::make_shared<Service>("10.0.0.9:5432");
  made->listed = false;
  made->pool_for("", "").endpoints.push_back(
      {.address = *Address::parse("10.0.0.9:5432"), .name = "10.0.0.9:5432"});
  made->channel = world.channel;
  made->finish(world.health);
  EndpointState& state = world.state(*made, 0);
  state.active = 1;
  world.adopt({});
  CHECK(state.current);
  CHECK(world.live_pools.drop_retired());
  // Who asks for it again finds its connections.
  CHECK(&world.state(*made, 0) == &state);
  const Endpoint endpoint = World::pool(*made).endpoints[0];
  state.active = 0;
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(world.registry.find(endpoint, *world.channel) == nullptr);
}

TEST_CASE("live pools: what a file names, too, is not lost with what none does") {
  World world;
  const auto listed = world.service({"127.0.0.1:1"}, world.channel);
  EndpointState& state = world.state(*listed, 0);
  {
    auto unlisted = std::make_shared<Service>("127.0.0.1:1");
    unlisted->listed = false;
    unlisted->pool_for("", "").endpoints.push_back(World::pool(*listed).endpoints[0]);
    unlisted->channel = world.channel;
    unlisted->finish(world.health);
    CHECK(&world.state(*unlisted, 0) == &state);
  }
  world.adopt({listed});
  CHECK_FALSE(world.live_pools.drop_retired());
  CHECK(world.registry.find(World::pool(*listed).endpoints[0], *world.channel) == &state);
}

TEST_CASE("health: one object an address, as long as somebody holds it") {
  HealthTable table;
  const auto one = table.of(*Address::parse("127.0.0.1:80"));
  CHECK(table.of(*Address::parse("127.0.0.1:80")) == one);
  CHECK(table.of(*Address::parse("127.0.0.1:81")) != one);
  CHECK(table.of(*Address::parse("127.0.0.2:80")) != one);
  CHECK(table.of(*Address::parse("[::1]:80")) != one);
  for (int port = 1; port <= 10'000; ++port) {
    (void)table.of(*Address::from_host("10.0.0.1", static_cast<uint16_t>(port)));
  }
  CHECK(table.size() < 200);
  CHECK(table.of(*Address::parse("127.0.0.1:80")) == one);
}

TEST_CASE(
    "endpoint: HTTP/1 and HTTP/2 have pools of their own, and with TLS channels of their own") {
  World world;
  const auto http1 = test::plain_channel();
  const auto both = std::make_shared<const Channel>(Channel{.http1 = http1});
  const auto plain_service = world.service({"127.0.0.1:1"}, world.channel);
  EndpointState& plain = world.state(*plain_service, 0);
  CHECK(plain.pool(Protocol::kHttp11).channel() == world.channel);
  CHECK(plain.pool(Protocol::kHttp2).channel() == world.channel);
  CHECK(&plain.pool(Protocol::kHttp11) != &plain.pool(Protocol::kHttp2));
  const auto secure_service = world.service({"127.0.0.1:1"}, both);
  EndpointState& secure = world.state(*secure_service, 0);
  CHECK(secure.pool(Protocol::kHttp11).channel() == http1);
  CHECK(secure.pool(Protocol::kHttp2).channel() == both);
}

}  // namespace
