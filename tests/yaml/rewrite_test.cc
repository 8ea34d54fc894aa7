#include "proxy/yaml/rewrite.h"

#include <doctest/doctest.h>

#include <random>

#include "proxy/yaml/read.h"

using namespace woad;
using yaml::Value;

namespace {

std::vector<yaml::Node> documents_of(const std::string& text) {
  config::Diagnostics diagnostics("x.yaml");
  auto documents = yaml::read(text, diagnostics);
  REQUIRE_MESSAGE(documents.has_value(), diagnostics.text() << text);
  return std::move(*documents);
}

// The text with its first document saying `after`.
std::string rewritten(const std::string& text, const Value& after) {
  const auto documents = documents_of(text);
  yaml::Rewriter rewriter(text);
  const Value before = yaml::to_value(documents.front());
  const auto done = rewriter.change(documents.front(), yaml::difference(before, after));
  REQUIRE_MESSAGE(static_cast<bool>(done), text);
  return rewriter.text();
}

struct Case {
  const char* text;
  const char* after;  // JSON
  const char* rewritten;
};

}  // namespace

TEST_CASE("what is new stands in the style of its place") {
  const Case cases[] = {
      {"a: 1 # x\n# y\nb: 2\n", R"({"a":1,"new":"v","b":2})", "a: 1 # x\nnew: v\n# y\nb: 2\n"},
      {"a: 1", R"({"a":1,"new":"yes"})", "a: 1\nnew: \"yes\""},
      {"a:\n  b: 1\n# end\n", R"({"a":{"b":1,"c":{"d":["0123",5]}}})",
       "a:\n  b: 1\n  c:\n    d:\n      - \"0123\"\n      - 5\n# end\n"},
      {"a: {b: 1}\n", R"({"a":{"b":1,"c":{"d":[]}}})", "a: {b: 1, \"c\": {\"d\":[]}}\n"},
      {"a: {}\n", R"({"a":{"b":1}})", "a:\n  b: 1\n"},
      {"a:\nb: 1\n", R"({"a":{"x":"v"},"b":1})", "a:\n  x: v\nb: 1\n"},
      {"l:\n- name: a\n  v: |\n    # no comment\n\n# end\n",
       R"({"l":[{"name":"new"},{"name":"a","v":"# no comment\n"}]})",
       "l:\n- name: new\n- name: a\n  v: |\n    # no comment\n\n# end\n"},
      {"l:\n  - name: a\n\n# end\nb: 1\n",
       R"({"l":[{"name":"a"},{"name":"new","x":{"z":1}}],"b":1})",
       "l:\n  - name: a\n  - name: new\n    x:\n      z: 1\n\n# end\nb: 1\n"},
      {"l:\n- name: a\n- name: b # b\n- name: c\n", R"({"l":[{"name":"a"},{"name":"c"}]})",
       "l:\n- name: a\n- name: c\n"},
      {"l: [{name: a}, {name: b}]\n", R"({"l":[{"name":"b"}]})", "l: [{name: b}]\n"},
      {"l: [{name: a}, {name: b}]\n", R"({"l":[{"name":"a"}]})", "l: [{name: a}]\n"},
      {"a: 1\nb:\n  c: 2\nd: 3\n", R"({"a":1,"d":3})", "a: 1\nd: 3\n"},
      {"a: 'x'\nb: 0644\n", R"({"a":"new: x","b":420})", "a: \"new: x\"\nb: 0644\n"},
      {"x: &x {p: 1}\na: *x\n", R"({"x":{"p":1},"a":{"p":1,"q":2}})",
       "x: &x {p: 1}\na:\n  p: 1\n  q: 2\n"},
      {"x: &x {p: 1}\na:\n  <<: *x\n  q: 2\n", R"({"x":{"p":1},"a":{"q":2,"p":3}})",
       "x: &x {p: 1}\na:\n  <<: *x\n  q: 2\n  p: 3\n"},
      {"a: |+\n  x\n\n", R"({"a":"x\n\n","b":1})", "a: |+\n  x\n\nb: 1\n"},
      {"a: 1\r\nb: 2\r\n", R"({"a":1,"b":2,"c":3})", "a: 1\r\nb: 2\r\nc: 3\r\n"},
      {"a: 1\n---\nb: 1\n", R"({"a":1,"new":2})", "a: 1\nnew: 2\n---\nb: 1\n"},
      {"{\n  \"a\": {\n    \"b\": 1\n  }\n}\n", R"({"a":{"b":1,"c":{"d":1}}})",
       "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": 1\n    }\n  }\n}\n"},
      {"{\"a\":[]}", R"({"a":[1],"b":{}})", "{\"a\": [1], \"b\": {}}"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Value after = Value::parse(c.after);
    const std::string got = rewritten(c.text, after);
    CHECK(got == c.rewritten);
    CHECK(nlohmann::json::parse(yaml::to_value(documents_of(got).front()).dump()) ==
          nlohmann::json::parse(c.after));
  }
}

// Random values are made into one another, in every style, and read again.
TEST_CASE("whatever it is changed to, it says that then") {
  std::mt19937 random(7);
  const auto pick = [&random](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  const std::vector<Value> scalars = {1,  "x",     "yes", "0123",         "a: b # c",
                                      "", nullptr, true,  "it's \"q\"\n", -1.5};
  const std::function<Value(int)> make = [&](int depth) -> Value {
    const int kind = depth == 0 ? 0 : pick(4);
    if (kind <= 1) return scalars[static_cast<size_t>(pick(static_cast<int>(scalars.size())))];
    Value made = kind == 2 ? Value::object() : Value::array();
    for (const char* name : {"a", "b", "c", "d"}) {
      if (pick(2) == 0) continue;
      if (kind == 2) {
        made[name] = make(depth - 1);
      } else {
        made.push_back({{"name", name}, {"v", make(depth - 1)}});
      }
    }
    return made;
  };
  const auto root = [&] {
    Value map = {{"first", 1}};
    for (const char* name : {"k", "l", "m"}) {
      if (pick(3) != 0) map[name] = make(3);
    }
    return map;
  };
  std::string block = "first: 1\n";
  std::string flow = "{\"first\": 1}";
  for (int i = 0; i < 3000; ++i) {
    const Value next = root();
    const auto plain = nlohmann::json::parse(next.dump());
    CAPTURE(block);
    CAPTURE(next.dump());
    for (std::string* text : {&block, &flow}) {
      std::string got = rewritten(*text, next);
      REQUIRE_MESSAGE(
          nlohmann::json::parse(yaml::to_value(documents_of(got).front()).dump()) == plain, got);
      *text = std::move(got);
    }
  }
}
