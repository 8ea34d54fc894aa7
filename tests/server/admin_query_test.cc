#include "proxy/server/admin_query.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("query values") {
  CHECK_FALSE(query_value("", "a"));
  CHECK_FALSE(query_value("aa=1&b", "a"));
  CHECK(query_value("a", "a") == "");
  CHECK(query_value("a=", "a") == "");
  CHECK(query_value("b=2&a=1&a=3", "a") == "1");
  CHECK(query_value("url=http://x/?y=z", "url") == "http://x/?y=z");
  CHECK(query_values("h=1&x=&h=2&h", "h") == std::vector<std::string_view>{"1", "2", ""});
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(rfc3339(WallTime{}) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(WallTime(seconds(1'700'000'000) + milliseconds(250))) ==
        "2023-11-14T22:13:20.250Z");
}

}  // namespace
}  // namespace woad
