#include "proxy/exchange/body_pace.h"

#include <doctest/doctest.h>

#include <vector>

using namespace woad;

namespace {

struct Paced {
  void too_slow() { ++cut; }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }

  Scheduler scheduler{MonoTime(hours(5))};
  int cut = 0;
  BodyPace pace{scheduler, bind_timer<&Paced::too_slow>(this)};
};

TEST_CASE("body pace: what a client has time for") {
  struct Case {
    std::string_view what;
    size_t bytes;    // each time
    Duration every;  // so often
    bool cut;        // within ten minutes
  };
  for (const Case& each : {
           Case{"nothing", 0, seconds(1), true},
           Case{"a byte a second", 1, seconds(1), true},
           Case{"just too slow", 480, seconds(1), true},
           Case{"just fast enough", 500, seconds(1), false},
           Case{"much, and then a pause", 100'000, seconds(60), false},
       }) {
    CAPTURE(each.what);
    Paced paced;
    for (Duration passed{}; passed < minutes(10); passed += each.every) {
      paced.pace.got(each.bytes);
      paced.pass(each.every);
    }
    CHECK(paced.cut == (each.cut ? 1 : 0));
  }
}

TEST_CASE("body pace: while we do not read, nobody is slow") {
  Paced paced;
  paced.pass(seconds(9));
  paced.pace.hold(true);
  paced.pace.hold(true);
  paced.pass(minutes(10));
  CHECK(paced.cut == 0);
  paced.pace.hold(false);
  paced.pace.hold(false);
  paced.pass(milliseconds(900));
  CHECK(paced.cut == 0);
  paced.pass(milliseconds(200));
  CHECK(paced.cut == 1);
}

}  // namespace
