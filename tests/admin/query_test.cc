#include "proxy/admin/query.h"

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

}  // namespace
}  // namespace woad
