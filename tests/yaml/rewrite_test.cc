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
  const auto obstacle = rewriter.change(documents.front(), yaml::difference(before, after));
  REQUIRE_MESSAGE(!obstacle.has_value(), text);
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
      {"a: {}  # c\n", R"({"a":{"b":1}})", "a: {\"b\": 1}  # c\n"},
      {"a: [ # c\n  ]\n", R"({"a":[{"b":1},2]})", "a: [{\n    \"b\": 1\n  }, 2 # c\n  ]\n"},
      {"a: {x: 1,\n  }  # c\nb: 1\n", R"({"a":{},"b":1})", "a: {\n  }  # c\nb: 1\n"},
      {"a:   # c\n  # d\n\n# e\nb: 1\n", R"({"a":[{"x":"v"}],"b":1})",
       "a:   # c\n  # d\n  - x: v\n\n# e\nb: 1\n"},
      {"a: ~   # c\nb: 1\n", R"({"a":{"x":"v"},"b":1})", "a:   # c\n  x: v\nb: 1\n"},
      {"a:   # c", R"({"a":{"x":"v"}})", "a:   # c\n  x: v"},
      {"a:   # c\n  # d\n  - x: v\n  # e\nb: 1\n", R"({"a":null,"b":1})",
       "a:   # c\n  # d\n  # e\nb: 1\n"},
      {"a: &x\n  b: v\n", R"({"a":null})", "a: null\n"},
      {"l:\n- a: 0644 # a\n- b: .5 # b\n", R"({"l":[{"a":420},{"b":".5","c":1}]})",
       "l:\n- a: 0644 # a\n- b: .5 # b\n  c: 1\n"},
      {"l: [0644, {n: 1e3}]\n", R"({"l":[420,{"n":1000.0,"c":1}]})",
       "l: [0644, {n: 1e3, \"c\": 1}]\n"},
      {"l:\n- name: a # 1\n- name: a # 2\n", R"({"l":[{"name":"b"},{"name":"a"},{"name":"a"}]})",
       "l:\n- name: b\n- name: a # 1\n- name: a # 2\n"},
      {"a: {x: more\n    lines}\n", R"({"a":{"x":"more lines","c":1}})",
       "a: {x: more\n    lines, \"c\": 1}\n"},
      {"a: {x: more\n    lines # c\n  }\n", R"({"a":{"x":"more lines","c":1}})",
       "a: {x: more\n    lines, \"c\": 1 # c\n  }\n"},
      {"a:\n- |\n  x\n     \n", R"({"a":["x\n   \n"],"b":1})", "a:\n- |\n  x\n     \nb: 1\n"},
      {"l:\n  -\n  # - old\n    name: a\n", R"({"l":[{"name":"b"},{"name":"a"}]})",
       "l:\n  - name: b\n  -\n  # - old\n    name: a\n"},
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
      {"l:\n  - - a: 1 # a\n      b: 2 # b\n", R"({"l":[[{"c":3,"b":2}]]})",
       "l:\n  - - c: 3\n      b: 2 # b\n"},
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
      {"{\"a\":[]}", R"({"a":[1],"b":{}})", "{\"a\":[1], \"b\": {}}"},
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

TEST_CASE("a text without a last line end stays one") {
  for (const std::string end : {"\n", "\r\n"}) {
    const std::string text = "a: 1" + end + "b: 2";
    const std::string more = rewritten(text, Value::parse(R"({"a":1,"b":2,"c":{"d":3}})"));
    CHECK(more == text + end + "c:" + end + "  d: 3");
    CHECK(rewritten(more, Value::parse(R"({"a":1,"b":2})")) == text);
  }
}

TEST_CASE("an alias elsewhere never changes unseen") {
  struct Alias {
    const char* text;
    const char* after;
    size_t at;  // 0: nothing is in the way
    const char* word;
  };
  const Alias cases[] = {
      {"a: &x\n  p: 1\nb: *x\n", R"({"a":{"p":1,"q":1},"b":{"p":1}})", 13, "&x in line 2"},
      {"a: &x {p: {q: 1}}\nb: [*x]\n", R"({"a":{"p":{"q":2}},"b":[{"p":{"q":1}}]})", 21, "&x"},
      {"a: &x [1]\nb:\n  c: *x\n", R"({"a":5,"b":{"c":[1]}})", 15, "&x"},
      {"a: &x {p: 1}\nb:\n  <<: *x\n", R"({"a":{"p":2},"b":{"p":1}})", 18, "&x"},
      {"a: &x {p: 1}\nb: {<<: *x, q: 1}\n", R"({"a":{"p":1},"b":{"q":1}})", 17, "comes by <<"},
      {"a: &x {p: 1}\nb: *x\n", R"({"a":{"p":2},"b":{"p":2}})", 0, ""},
      {"a: &x {p: 1}\nb: *x\n", R"({"a":{"p":1},"b":{"p":2}})", 0, ""},
      {"a: &x {p: 1}\nb: *x\n", R"({"a":{"p":2},"b":{"p":3}})", 0, ""},
      {"a: &x {p: 1}\nb: *x\n", R"({"a":{"p":2}})", 0, ""},
      {"a: &x {p: &y [1]}\nb: *y\n", R"({"a":{"p":[1],"q":1},"b":[1]})", 0, ""},
  };
  for (const Alias& c : cases) {
    CAPTURE(c.text);
    const auto documents = documents_of(c.text);
    const Value before = yaml::to_value(documents.front());
    const Value after = Value::parse(c.after);
    yaml::Rewriter rewriter(c.text);
    const auto obstacle = rewriter.change(documents.front(), yaml::difference(before, after));
    REQUIRE(obstacle.has_value() == (c.at != 0));
    if (!obstacle) {
      CHECK(yaml::to_value(documents_of(rewriter.text()).front()) == after);
      continue;
    }
    CHECK(obstacle->at == c.at);
    CHECK_MESSAGE(obstacle->message.find(c.word) != std::string::npos, obstacle->message);
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
    const bool named = pick(2) == 0;
    for (const char* name : {"a", "b", "c", "d"}) {
      if (pick(2) == 0) continue;
      if (kind == 2) {
        made[name] = make(depth - 1);
      } else {
        const Value v = make(depth - 1);
        made.push_back(named ? Value{{"name", name}, {"v", v}} : v);
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
