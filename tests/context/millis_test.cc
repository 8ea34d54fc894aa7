#include "proxy/context/millis.h"

#include <doctest/doctest.h>

using namespace woad;

TEST_CASE("milliseconds of 32 bits stand for the point near now, over a wrap too") {
  for (const MonoTime now :
       {MonoTime(), MonoTime(hours(1)), MonoTime(milliseconds(0xffffffffll)),
        MonoTime(milliseconds(0x100000000ll)), MonoTime(hours(24 * 365 * 9))}) {
    for (const Duration away : {Duration(), Duration(milliseconds(1)), Duration(hours(24 * 12)),
                                Duration(milliseconds(-1)), Duration(hours(-24 * 12))}) {
      CAPTURE(now.time_since_epoch().count());
      CAPTURE(away.count());
      CHECK(from_millis(to_millis(now + away), now) == now + away);
      CHECK(milliseconds(millis_between(to_millis(now), to_millis(now + away))) == away);
    }
  }
}

TEST_CASE("what is smaller than a millisecond is cut off") {
  CHECK(to_millis(MonoTime(microseconds(1999))) == 1);
  CHECK(from_millis(5, MonoTime(microseconds(1999))) == MonoTime(milliseconds(5)));
  CHECK(span_millis(microseconds(1999)) == 1);
  CHECK(span_millis(seconds(-1)) == 0);
  CHECK(span_millis(hours(24 * 365)) == kMaxMillis);
}
