#include "proxy/upstream/slow_start.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/upstream/service.h"

using namespace woad;

namespace {

constexpr MonoTime kNow{seconds(1000)};

struct World {
  // "1" is 127.0.0.1:1, "?" a name that has no address.
  std::shared_ptr<Service> service(const std::string& digits, std::string_view color = "") {
    auto made = std::make_shared<Service>("price");
    Pool& pool = made->pool_for(color, "");
    for (const char digit : digits) {
      Endpoint& endpoint = pool.endpoints.emplace_back();
      endpoint.name = std::string("127.0.0.1:") + digit;
      if (digit != '?') endpoint.address = *Address::parse(endpoint.name);
    }
    made->finish(health);
    return made;
  }
  HealthTable health;
};

std::string joined(const Service& service, MonoTime at) {
  std::string digits;
  for (const Endpoint& endpoint : service.pools().front().endpoints) {
    if (endpoint.joined == at) digits += endpoint.name.back();
  }
  return digits;
}

TEST_CASE("slow start: the share grows over the window") {
  struct Case {
    Duration since;
    double share;
  };
  for (const Case& each : {Case{seconds(0), 0.1},
                           {seconds(1), 0.1},
                           {seconds(3), 0.1},
                           {seconds(15), 0.5},
                           {seconds(27), 0.9},
                           {seconds(30), 1},
                           {hours(1), 1}}) {
    CHECK(share_of_picks(kNow, kNow + each.since) == doctest::Approx(each.share));
    CHECK(starts_slowly(kNow, kNow + each.since) == (each.share < 1));
  }
  CHECK(share_of_picks(MonoTime::min(), kNow) == 1);
  CHECK_FALSE(starts_slowly(MonoTime::min(), kNow));
}

TEST_CASE("slow start: who joins") {
  struct Case {
    std::string before, after, joined;
  };
  for (const Case& each : {Case{"12", "123", "3"},
                           {"12", "31", "3"},
                           {"12", "21", ""},
                           {"12", "345", ""},  // all are new
                           {"", "12", ""},
                           {"?", "12", ""},  // its name has an address for the first time
                           {"1?", "12", "2"}}) {
    World world;
    const auto before = world.service(each.before);
    const auto after = world.service(each.after);
    after->note_joined(*before, kNow);
    CAPTURE(each.before);
    CAPTURE(each.after);
    CHECK(joined(*after, kNow) == each.joined);
    CHECK((after->pools()[0].last_join == kNow) == !each.joined.empty());
  }
}

TEST_CASE("slow start: goes on over later snapshots, and pools have their own") {
  World world;
  const auto first = world.service("12");
  const auto second = world.service("123");
  second->note_joined(*first, kNow);
  const auto third = world.service("1345");
  third->note_joined(*second, kNow + seconds(5));
  CHECK(joined(*third, kNow) == "3");
  CHECK(joined(*third, kNow + seconds(5)) == "45");
  CHECK(third->pools()[0].last_join == kNow + seconds(5));
  const auto red = world.service("12345", "red");
  red->note_joined(*third, kNow + seconds(6));
  CHECK(red->pools()[0].last_join == MonoTime::min());
}

}  // namespace
