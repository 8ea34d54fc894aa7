#include "proxy/yaml/read.h"

#include <doctest/doctest.h>

#include "proxy/yaml/json_value.h"

using namespace woad;
using yaml::Value;

namespace {

Value value_of(const std::string& text) {
  config::Diagnostics diagnostics("x.yaml");
  const auto documents = yaml::read(text, diagnostics);
  REQUIRE_MESSAGE(documents.has_value(), diagnostics.text());
  REQUIRE(documents->size() == 1);
  return yaml::to_value(documents->front());
}

std::string errors_of(const std::string& text) {
  config::Diagnostics diagnostics("x.yaml");
  CHECK_FALSE(yaml::read(text, diagnostics).has_value());
  return diagnostics.text();
}

}  // namespace

TEST_CASE("plain scalars have the types that Kubernetes gives them") {
  struct Case {
    const char* text;
    Value value;
  };
  const Case cases[] = {
      {"yes", true},
      {"No", false},
      {"TRUE", true},
      {"yEs", "yEs"},
      {"~", nullptr},
      {"null", nullptr},
      {"'null'", "null"},
      {"\"yes\"", "yes"},
      {"0644", 420},
      {"0x1F", 31},
      {"-5", -5},
      {"08", "08"},
      {"1.5", 1.5},
      {"1e3", 1000.0},
      {"1.2.3", "1.2.3"},
      {"0123456789x", "0123456789x"},
      {"|\n  a\n  b", "a\nb\n"},
      {"it's", "it's"},
      {"\"\\u00e9\"", "\u00e9"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(value_of(std::string("k: ") + c.text + "\n")["k"] == c.value);
  }
}

TEST_CASE("anchors, aliases and merges are followed") {
  const Value value = value_of("a: &a { x: 1, y: 2 }\nb: *a\nc:\n  <<: *a\n  y: 3\n\"<<\": 4\n");
  CHECK(value["b"] == Value({{"x", 1}, {"y", 2}}));
  CHECK(value["c"] == Value({{"y", 3}, {"x", 1}}));
  CHECK(value["<<"] == 4);
}

TEST_CASE("JSON is read as such") {
  const Value value =
      value_of("{\t\"a\\u002fb\": [1, \"\\ud83d\\ude00 \\/\\\"\", {}, []],\n\"c\":null}");
  CHECK(value["a/b"] == Value::array({1, "\U0001F600 /\"", Value::object(), Value::array()}));
  CHECK(value["c"].is_null());
}

TEST_CASE("what cannot be read has its place") {
  struct Case {
    std::string text;
    const char* error;
  };
  std::string deep(100'000, '[');
  const Case cases[] = {
      {"a: [1\n", "not valid YAML"},
      {"a: 1\nb: 2\na: 3\n", "x.yaml:3:1: error: the key \"a\" stands here twice"},
      {"{\"a\": 1,\n \"b\": {\"c\": 1, \"\\u0063\": 2}}",
       "x.yaml:2:16: error: the key \"c\" stands here twice"},
      {"a: &a\n  b: *a\n", "more than 200 levels"},
      {deep, "not valid YAML"},
      {"a: 1\n\tb: 2\n", "tabs"},
      {"a: 1\n{{- if }}\nb: 2\n", "helm template"},
      {"? [a]\n: b\n", "a key must be a plain text"},
      {std::string("a: \0", 4), "x.yaml:1:4: error: a NUL byte"},
      {"a: \xff\n", "x.yaml:1:4: error: this is not UTF-8"},
      {"a: *b\n", "not valid YAML"},
      {"a:\n  <<: 5\n", "<< must name a map"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text.substr(0, 40));
    const std::string errors = errors_of(c.text);
    CHECK_MESSAGE(errors.find(c.error) != std::string::npos, errors);
  }
}

TEST_CASE("JSON as a value, or why not") {
  struct Case {
    std::string text;
    const char* error;  // "": none
  };
  const Case cases[] = {
      {R"({"b":[1,-1,1.5,true,null,"x"],"a":{}})", ""},
      {"{", "it is no JSON"},
      {"{}x", "it is no JSON"},
      {"", "it is no JSON"},
      {std::string(1'000'000, '['), "more than 200 levels"},
      {R"({"a":[0,{"x/y":1,"x/y":2}]})", "the key \"x/y\" stands twice, at a[1][\"x/y\"]"},
      {R"([{"a":1,"\u0061":2}])", "stands twice, at [0].a"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text.substr(0, 40));
    const auto value = yaml::json_value(c.text);
    CHECK(static_cast<bool>(value) == (*c.error == '\0'));
    if (value) {
      CHECK(value->dump() == c.text);
    } else {
      CHECK_MESSAGE(value.error().message.find(c.error) != std::string::npos,
                    value.error().message);
    }
  }
}

TEST_CASE("bombs of aliases are refused") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string one = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + one;
    for (int j = 0; j < 9; ++j) text += ", " + one;
    text += "]\n";
  }
  CHECK(errors_of(text).find("aliases stand for more than 100,000 values") != std::string::npos);
}

TEST_CASE("documents and their places") {
  const std::string text = "# head\n---\na: 1\n---\n---\nb:\n  c: [x, {d: e}]\n...\n";
  config::Diagnostics diagnostics("x.yaml");
  const auto documents = yaml::read(text, diagnostics);
  REQUIRE(documents.has_value());
  REQUIRE(documents->size() == 3);
  const yaml::Node& last = (*documents)[2];
  const auto place = [&](const char* path, bool key) {
    return yaml::location_of(text, yaml::place_of(last, Value::json_pointer(path), key));
  };
  CHECK(place("/b/c/1/d", false) == config::Location{7, 14});
  CHECK(place("/b/c/1/d", true) == config::Location{7, 11});
  CHECK(place("/b/none", true) == config::Location{6, 1});
  CHECK(yaml::path_words(Value::json_pointer("/b/c/1/x.y~1z")) == "b.c[1][\"x.y/z\"]");
}
