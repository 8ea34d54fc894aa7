#include "proxy/upstream/ejection.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

constexpr EjectionRules kRules{3, seconds(1), seconds(8), 0.5};

struct World {
  Ejection ejection;
  Random random{7};
  MonoTime now{hours(5)};

  Duration eject() { return ejection.eject(now, kRules, random); }
};

TEST_CASE("ejection: failures in a row") {
  World world;
  CHECK_FALSE(world.ejection.failed(3));
  CHECK_FALSE(world.ejection.failed(3));
  CHECK_FALSE(world.ejection.succeeded());
  CHECK_FALSE(world.ejection.failed(3));
  CHECK_FALSE(world.ejection.failed(3));
  CHECK(world.ejection.failed(3));
  CHECK_FALSE(world.ejection.out());
  CHECK(world.ejection.begin(world.now));
}

TEST_CASE("ejection: one trial when its time is over") {
  World world;
  const Duration length = world.eject();
  CHECK(world.ejection.out());
  CHECK(world.ejection.keeps_out(world.now + length - Duration(1)));
  CHECK_FALSE(world.ejection.begin(world.now));
  CHECK_FALSE(world.ejection.succeeded());  // of a request from before
  CHECK_FALSE(world.ejection.failed(3));    // as well
  world.now += length;
  CHECK_FALSE(world.ejection.keeps_out(world.now));
  CHECK(world.ejection.begin(world.now));
  CHECK_FALSE(world.ejection.begin(world.now));
  CHECK(world.ejection.keeps_out(world.now));
  SUBCASE("good") {
    CHECK(world.ejection.succeeded());
    CHECK_FALSE(world.ejection.out());
  }
  SUBCASE("failed") { CHECK(world.ejection.failed(3)); }
  SUBCASE("given up: another may at once") {
    world.ejection.undecided(world.now);
    CHECK(world.ejection.begin(world.now));
  }
  SUBCASE("without an end: another may later") {
    world.now += Ejection::kLongestTrial;
    CHECK(world.ejection.begin(world.now));
  }
}

TEST_CASE("ejection: a trial is put off until there is a connection") {
  World world;
  world.now += world.eject();
  CHECK(world.ejection.put_off(world.now));
  CHECK_FALSE(world.ejection.put_off(world.now));
  CHECK_FALSE(world.ejection.begin(world.now));
  CHECK_FALSE(world.ejection.succeeded());  // of a request from before
  CHECK(world.ejection.out());
  SUBCASE("there is none: again") {
    world.now += Ejection::kPutOff;
    CHECK_FALSE(world.ejection.keeps_out(world.now));
    CHECK(world.ejection.put_off(world.now));
  }
  SUBCASE("there is one: the trial is due at once, and of one request") {
    world.ejection.connected();
    CHECK(world.ejection.out());
    CHECK_FALSE(world.ejection.keeps_out(world.now));
    CHECK(world.ejection.begin(world.now));
    CHECK_FALSE(world.ejection.begin(world.now));
    world.ejection.connected();  // of another worker
    CHECK_FALSE(world.ejection.begin(world.now));
    CHECK(world.ejection.succeeded());
  }
}

TEST_CASE("ejection: nothing is put off that is in") {
  World world;
  world.ejection.connected();
  CHECK_FALSE(world.ejection.put_off(world.now));
  CHECK_FALSE(world.ejection.out());
}

TEST_CASE("ejection: doubles up to a cap, with jitter, and begins anew") {
  World world;
  for (const int base : {1, 2, 4, 8, 8}) {
    const Duration length = world.eject();
    CHECK(length >= seconds(base));
    CHECK(length <= std::min<Duration>(milliseconds(base * 1500), seconds(8)));
    world.now += length;
    CHECK(world.ejection.begin(world.now));
  }
  CHECK(world.ejection.succeeded());
  CHECK(world.eject() <= milliseconds(1500));
}

}  // namespace
