#include "proxy/base/context_value.h"

#include <doctest/doctest.h>

#include <string>

namespace woad {
namespace {

TEST_CASE("what is a colour") {
  const std::string longest(kMaxContextValue, 'a');
  for (const std::string& good :
       {std::string("red"), std::string("r"), std::string("0"), std::string("red-1"),
        std::string("red-"), std::string("a.b.c.d"), std::string("red.-"), longest}) {
    CAPTURE(good);
    CHECK(valid_context_value(good));
  }
  for (const std::string& bad :
       {std::string(""), std::string("Red"), std::string("-red"), std::string("red."),
        std::string(".red"), std::string("a..b"), std::string("a.b.c.d.e"), std::string("r ed"),
        std::string("r_d"), std::string("r\xc3\xa9"), std::string("a\0b", 3), longest + "a"}) {
    CAPTURE(bad);
    CHECK(!valid_context_value(bad));
  }
}

TEST_CASE("parents") {
  CHECK(parent_color("red.alice.x") == "red.alice");
  CHECK(parent_color("red.alice") == "red");
  CHECK(parent_color("red").empty());
  CHECK(parent_color("").empty());
}

}  // namespace
}  // namespace woad
