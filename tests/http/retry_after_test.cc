#include "proxy/http/retry_after.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

TEST_CASE("retry-after: seconds, or a date") {
  constexpr WallTime kNow{seconds(1'800'000'000)};  // Fri, 15 Jan 2027 08:00:00 GMT
  struct Case {
    std::string_view value;
    std::optional<Duration> wait;
  };
  for (const Case& each : {
           Case{"0", seconds(0)},
           Case{"120", seconds(120)},
           Case{"99999999999", hours(24)},
           Case{"Fri, 15 Jan 2027 08:00:30 GMT", seconds(30)},
           Case{"Fri, 15 Jan 2027 07:59:00 GMT", seconds(0)},
           Case{"Sat, 15 Jan 2028 08:00:00 GMT", hours(24)},
           Case{"Fri, 31 Dec 9999 23:59:59 GMT", hours(24)},
           Case{"Mon, 01 Jan 0001 00:00:00 GMT", seconds(0)},
           Case{"", std::nullopt},
           Case{"-9999999999999999999999", std::nullopt},
           Case{"99999999999999999999999", std::nullopt},
           Case{"-1", std::nullopt},
           Case{"1.5", std::nullopt},
           Case{"soon", std::nullopt},
           Case{"Fri, 15 Jan 2027 08:00:30 CET", std::nullopt},
           Case{"Fri, 15 Jan 2027 08:00:30 GMT and more", std::nullopt},
       }) {
    CAPTURE(each.value);
    CHECK(parse_retry_after(each.value, kNow) == each.wait);
  }
}

}  // namespace
