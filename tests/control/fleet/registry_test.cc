#include "proxy/control/fleet/registry.h"

#include <doctest/doctest.h>

#include <string>

namespace woad::control {
namespace {

const WallTime kStart = WallTime(hours(500'000));

// A registry that started long ago, and its clock.
struct Fleet {
  Registry registry{kStart - hours(1)};
  Settings settings{};
  WallTime now = kStart;
  uint64_t revision = 0;

  void beat(const std::string& service, const std::string& instance, const std::string& address) {
    registry.set({service, instance}, {{address, {}, 1}, kStart, now}, ++revision, now);
  }
  // The instances of a service from `first` to before `last`.
  void beat_all(const std::string& service, size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      beat(service, "i" + std::to_string(i), "10.0.0." + std::to_string(i) + ":80");
    }
  }
  bool judge() { return registry.judge(now, settings); }
  size_t live(const std::string& service) {
    judge();
    const auto at = registry.live().find(service);
    return at == registry.live().end() ? 0 : at->second.size();
  }
  void pass(Duration time) { now += time; }
};

TEST_CASE("instances are counted as they come, not as they are judged") {
  Fleet fleet;
  fleet.beat_all("price", 0, 3);
  fleet.beat("price", "i1", "10.0.0.9:80");
  fleet.beat("stock", "i0", "10.0.0.8:80");
  CHECK(fleet.registry.count("price") == 3);
  fleet.registry.remove({"price", "i0"});
  CHECK(fleet.registry.count("price") == 2);
  fleet.registry.clear();
  CHECK(fleet.registry.count("price") == 0);
  CHECK(fleet.registry.count("stock") == 0);
}

TEST_CASE("an instance lives as long as its lease, and its record a minute longer") {
  Fleet fleet;
  fleet.beat("price", "a", "10.0.0.1:80");
  CHECK(fleet.judge());
  CHECK(fleet.registry.live().at("price").at("a").address == "10.0.0.1:80");
  CHECK_FALSE(fleet.judge());
  fleet.pass(seconds(89));
  fleet.beat("price", "a", "10.0.0.1:80");
  CHECK_FALSE(fleet.judge());
  fleet.pass(seconds(89));
  CHECK_FALSE(fleet.judge());
  fleet.pass(seconds(1));
  CHECK(fleet.judge());
  CHECK(fleet.live("price") == 0);
  CHECK(fleet.registry.missing() == 1);
  CHECK(fleet.registry.expired().empty());
  fleet.pass(seconds(60));
  fleet.judge();
  REQUIRE(fleet.registry.expired().size() == 1);
  CHECK(fleet.registry.expired()[0].revision == 2);
  fleet.registry.remove({"price", "a"});
  fleet.judge();
  CHECK(fleet.registry.expired().empty());
}

TEST_CASE("one that comes back within the minute is there again") {
  Fleet fleet;
  fleet.beat("price", "a", "10.0.0.1:80");
  fleet.pass(seconds(100));
  CHECK(fleet.live("price") == 0);
  fleet.beat("price", "a", "10.0.0.1:80");
  CHECK(fleet.live("price") == 1);
}

TEST_CASE("after a start nobody goes before one lease has passed") {
  Fleet fleet;
  fleet.registry = Registry(kStart + hours(2));
  fleet.beat_all("price", 0, 2);  // heartbeats of two hours before the start
  fleet.now = kStart + hours(2) + seconds(89);
  CHECK(fleet.live("price") == 2);
  fleet.pass(seconds(1));
  CHECK(fleet.live("price") == 0);
}

TEST_CASE("who is protected") {
  struct Case {
    const char* name;
    size_t all;
    size_t lost;
    bool kept;
  };
  const Case cases[] = {
      {"a fifth of many", 20, 4, true},
      {"exactly the share", 20, 3, false},
      {"two of three are too few to mean anything", 3, 2, false},
      {"three of three", 3, 3, true},
      {"three of ten", 10, 3, true},
      {"one of one", 1, 1, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Fleet fleet;
    fleet.beat_all("price", 0, c.all);
    fleet.judge();
    fleet.pass(seconds(60));
    fleet.beat_all("price", c.lost, c.all);
    fleet.pass(seconds(31));
    CHECK(fleet.live("price") == (c.kept ? c.all : c.all - c.lost));
    CHECK(fleet.registry.protected_since().has_value() == c.kept);
    CHECK(fleet.registry.missing() == c.lost);
  }
}

TEST_CASE("those that went before the others of the same minute come back") {
  Fleet fleet;
  fleet.beat_all("price", 0, 10);
  fleet.judge();
  fleet.pass(seconds(30));
  fleet.beat_all("price", 1, 10);
  fleet.pass(seconds(30));
  fleet.beat_all("price", 3, 10);
  fleet.pass(seconds(31));
  CHECK(fleet.live("price") == 9);  // the first has gone
  fleet.pass(seconds(30));
  CHECK(fleet.live("price") == 10);
  CHECK(fleet.registry.protected_since());

  SUBCASE("protection ends when enough of them are back, and the rest goes") {
    fleet.beat_all("price", 1, 10);
    CHECK(fleet.live("price") == 9);
    CHECK_FALSE(fleet.registry.protected_since());
    CHECK(fleet.registry.expired().size() == 1);
  }
  SUBCASE("it ends after a quarter of an hour, and does not begin again by itself") {
    for (int i = 0; i < 30; ++i) {
      fleet.pass(seconds(30));
      fleet.beat_all("price", 3, 10);
      CHECK(fleet.live("price") == (i < 29 ? 10 : 7));
    }
    CHECK_FALSE(fleet.registry.protected_since());
    fleet.pass(seconds(1));
    CHECK(fleet.live("price") == 7);
    CHECK_FALSE(fleet.registry.protected_since());
  }
}

TEST_CASE("who said goodbye is not missed") {
  Fleet fleet;
  fleet.beat_all("price", 0, 10);
  fleet.judge();
  for (size_t i = 0; i < 5; ++i) fleet.registry.remove({"price", "i" + std::to_string(i)});
  CHECK(fleet.live("price") == 5);
  CHECK_FALSE(fleet.registry.protected_since());
}

TEST_CASE("what has no lease stays") {
  Fleet fleet;
  fleet.registry.set({"price", "pod"}, {{"10.0.0.1:80", {}, 1}, {}, {}}, 1, fleet.now);
  fleet.pass(hours(1000));
  CHECK(fleet.live("price") == 1);
}

TEST_CASE("one address") {
  Fleet fleet;
  fleet.beat("price", "a", "10.0.0.1:80");
  fleet.judge();
  CHECK(fleet.registry.holder("10.0.0.1:80", "price") == nullptr);
  REQUIRE(fleet.registry.holder("10.0.0.1:80", "stock") != nullptr);
  CHECK(fleet.registry.holder("10.0.0.1:80", "stock")->instance == "a");

  SUBCASE("the newer of two of a service takes it") {
    fleet.registry.set({"price", "b"}, {{"10.0.0.1:80", {}, 1}, kStart + seconds(1), kStart}, 9,
                       fleet.now);
    CHECK(fleet.live("price") == 1);
    CHECK(fleet.registry.live().at("price").contains("b"));
  }
  SUBCASE("who is gone holds none") {
    fleet.pass(seconds(90));
    fleet.judge();
    CHECK(fleet.registry.holder("10.0.0.1:80", "stock") == nullptr);
  }
  SUBCASE("who moved holds the new one") {
    fleet.beat("price", "a", "10.0.0.2:80");
    fleet.judge();
    CHECK(fleet.registry.holder("10.0.0.1:80", "stock") == nullptr);
    CHECK(fleet.registry.holder("10.0.0.2:80", "stock") != nullptr);
  }
}

TEST_CASE("a heartbeat that no store tells of counts, one from the future does not") {
  Fleet fleet;
  fleet.registry.set({"price", "a"}, {{"10.0.0.1:80", {}, 1}, kStart, kStart + hours(9)}, 1,
                     fleet.now);
  fleet.pass(seconds(80));
  fleet.registry.touch({"price", "a"}, fleet.now);
  fleet.pass(seconds(80));
  CHECK(fleet.live("price") == 1);
  fleet.pass(seconds(10));
  CHECK(fleet.live("price") == 0);
  fleet.registry.touch({"price", "a"}, fleet.now);
  CHECK(fleet.live("price") == 1);
}

TEST_CASE("a shorter lease counts at once") {
  Fleet fleet;
  fleet.beat("price", "a", "10.0.0.1:80");
  fleet.pass(seconds(10));
  CHECK(fleet.live("price") == 1);
  fleet.settings.lease = seconds(5);
  CHECK(fleet.live("price") == 0);
}

}  // namespace
}  // namespace woad::control
