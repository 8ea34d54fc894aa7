#include "proxy/context/values.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/base/context_value.h"

using namespace woad;

TEST_CASE("a carrier's text becomes a value in lower case or none") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string longest(kMaxContextValue, 'a');
  const struct {
    std::string raw;
    const char* value;  // nullptr: none
    const char* color;
  } kCases[] = {
      {"red", "red", "red"},
      {"RED.Alice", "red.alice", "red.alice"},
      {"base", "base", ""},
      {"Base", "base", ""},
      {longest, longest.c_str(), longest.c_str()},
      {longest + "a", nullptr, nullptr},
      {"", nullptr, nullptr},
      {"r\xc3\xa9", nullptr, nullptr},
      {"red ", nullptr, nullptr},
      {"-red", nullptr, nullptr},
      {"a.b.c.d.e", nullptr, nullptr},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.raw);
    const auto value = read_context_value(test.raw, arena);
    const auto color = read_color(test.raw, arena);
    REQUIRE(value.has_value() == (test.value != nullptr));
    REQUIRE(color.has_value() == (test.color != nullptr));
    if (value) CHECK(*value == test.value);
    if (color) CHECK(*color == test.color);
  }
}
