#include "proxy/yaml/difference.h"

#include <doctest/doctest.h>

using woad::yaml::Value;

TEST_CASE("the patch of a difference does what it says") {
  struct Case {
    const char* before;
    const char* after;
    size_t operations;
  };
  const Case cases[] = {
      {R"({"a":1})", R"({"a":1})", 0},
      {R"({"a":1,"b":2})", R"({"b":2,"a":1})", 0},
      {R"({"a":1})", R"({"a":2,"b":{"c":[1]}})", 2},
      {R"({"a":{"b":{"c":1,"d":2}}})", R"({"a":{"b":{"c":1}}})", 1},
      {R"({"l":[1,2]})", R"({"l":[1,2,3]})", 1},
      {R"({"l":[{"name":"x"},{"name":"y","v":1}]})",
       R"({"l":[{"name":"new"},{"name":"x"},{"name":"y","v":2},{"name":"z"}]})", 3},
      {R"({"l":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]})",
       R"({"l":[{"name":"p"},{"name":"q"},{"name":"b","x":1},{"name":"r"}]})", 7},
      {R"({"l":[{"name":"a"},{"name":"b"}]})", R"({"l":[{"name":"b"},{"name":"a"}]})", 1},
      {R"({"l":[{"name":"a"},{"name":"a"}]})", R"({"l":[{"name":"a"}]})", 1},
      {R"({"a/b~c":{"d":1}})", R"({"a/b~c":{"d":2}})", 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.before);
    CAPTURE(c.after);
    const Value before = Value::parse(c.before);
    const Value after = Value::parse(c.after);
    const Value patch = woad::yaml::json_patch(before, woad::yaml::difference(before, after));
    CHECK(patch.size() == c.operations);
    const auto plain = nlohmann::json::parse(c.before).patch(nlohmann::json::parse(patch.dump()));
    CHECK(plain == nlohmann::json::parse(c.after));
  }
}
