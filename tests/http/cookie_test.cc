#include "proxy/http/cookie.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using woad::test::TestRequest;

namespace {

TEST_CASE("cookie: found by its whole name, in any of the fields") {
  struct Case {
    std::string_view field, value;
  };
  const Case cases[] = {
      {"user=anna", "anna"},
      {"a=b; user=anna; c=d", "anna"},
      {"user=", ""},
      {"superuser=x", ""},
      {"user", ""},
      {"users=x; user=anna", "anna"},
      {"user=anna; user=b", "anna"},
      {"", ""},
      {"user=a=b", "a=b"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.field);
    const TestRequest request("GET", "/", "price", {{"cookie", std::string(each.field)}});
    CHECK(cookie_value(request.head.headers, "user") == each.value);
  }
  const TestRequest two("GET", "/", "price", {{"cookie", "a=b"}, {"cookie", "user=anna"}});
  CHECK(cookie_value(two.head.headers, "user") == "anna");
}

}  // namespace
