#include "proxy/yaml/difference.h"

#include <doctest/doctest.h>

#include "proxy/yaml/json_value.h"
#include "proxy/yaml/read.h"
#include "proxy/yaml/rewrite.h"

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
      {R"({"l":[{"a":1},{"b":{"name":"x"}},{"c":1}]})",
       R"({"l":[{"a":1},{"b":{"name":"y"}},{"c":2}]})", 2},
      {R"({"l":[1,2,3]})", R"({"l":[0,1,2,3]})", 1},
      {R"({"l":[1,2,3]})", R"({"l":[1,3]})", 1},
      {R"({"l":[1,2,3,4]})", R"({"l":[1,5,6,7,8,4]})", 4},
      {R"({"l":[1,1]})", R"({"l":[1,1,1]})", 1},
      {R"({"l":[]})", R"({"l":[1,2]})", 2},
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

// Each step that looked every key up among all would take minutes.
TEST_CASE("many entries") {
  std::string text = "{\"m\":{";
  for (int i = 0; i < 20'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  text += "\"last\":1},\"l\":[";
  for (int i = 0; i < 20'000; ++i) text += "{\"name\":\"n" + std::to_string(i) + "\"},";
  text += "{\"name\":\"last\"}]}";
  const auto before = woad::yaml::json_value(text);
  REQUIRE(static_cast<bool>(before));
  Value after = *before;
  after["m"]["new"] = 1;
  after["l"].insert(after["l"].begin(), Value{{"name", "new"}});
  CHECK(woad::yaml::json_patch(*before, woad::yaml::difference(*before, after)).size() == 2);
  woad::config::Diagnostics diagnostics("x.json");
  const auto documents = woad::yaml::read(text, diagnostics);
  REQUIRE(documents.has_value());
  CHECK(woad::yaml::to_value(documents->front()) == *before);
  woad::yaml::Rewriter rewriter(text);
  const auto nothing = woad::yaml::difference(after, Value{{"m", Value::object()}, {"l", 5}});
  CHECK(nothing.size() == 2);
  CHECK_FALSE(rewriter.change(documents->front(), woad::yaml::difference(*before, after)));
  CHECK(rewriter.text().size() > text.size());
}
