#include "proxy/base/rfc3339.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(rfc3339(WallTime{}) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(WallTime(seconds(1'700'000'000) + milliseconds(250))) ==
        "2023-11-14T22:13:20.250Z");
}

}  // namespace
}  // namespace woad
