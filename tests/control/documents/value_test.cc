#include "proxy/control/documents/value.h"

#include <doctest/doctest.h>

#include "config/document.h"
#include "proxy/control/documents/assembly.h"

using namespace woad;
using namespace woad::control;

namespace {

Value value(const std::string& yaml) {
  config::Diagnostics diagnostics("test");
  const auto tree = config::Document::parse(yaml, config::Environment::verbatim(), diagnostics);
  REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  return value_of(tree->root(), 0);
}

TEST_CASE("value: maps merge key by key, lists and scalars replace, null removes") {
  struct Case {
    std::string target, patch, merged;
  };
  // The examples of RFC 7396, appendix A, as far as their root is a map, and more.
  const Case cases[] = {
      {"a: b", "a: c", "a: c\n"},
      {"a: b", "b: c", "a: b\nb: c\n"},
      {"a: b", "a: null", ""},
      {"{ a: b, b: c }", "a: ~", "b: c\n"},
      {"a: [ b ]", "a: c", "a: c\n"},
      {"a: c", "a: [ b ]", "a:\n  - b\n"},
      {"a: { b: c }", "a: { b: d, c: null }", "a:\n  b: d\n"},
      {"a: [ { b: c } ]", "a: [ 1 ]", "a:\n  - 1\n"},
      {"e: null", "a: 1", "e: null\na: 1\n"},
      {"{}", "a: { bb: { ccc: null } }", "a:\n  bb: {}\n"},
      {"a: { b: { c: 1, d: 2 } }", "a: { b: { d: 3 }, e: 4 }",
       "a:\n  b:\n    c: 1\n    d: 3\n  e: 4\n"},
      {"a: 1", "{}", "a: 1\n"},
      {"a: 1", "a:", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.target);
    CAPTURE(each.patch);
    Value merged = value(each.target);
    merge(merged, value(each.patch));
    CHECK(head_of(merged).text == each.merged);
  }
}

TEST_CASE("value: texts stay as they were written") {
  struct Case {
    std::string written, rendered;
  };
  const Case cases[] = {
      {"a: \"0644\"", "a: \"0644\"\n"},
      {"a: 0644", "a: 0644\n"},
      {"a: '0644'", "a: \"0644\"\n"},
      {"a: \"null\"", "a: \"null\"\n"},
      {"a: \"\"", "a: \"\"\n"},
      {"a: 10%", "a: 10%\n"},
      {"a: ${WOAD_X:-5s}", "a: ${WOAD_X:-5s}\n"},
      {"a: \"$${x} ${Y}\"", "a: \"$${x} ${Y}\"\n"},
      {"a: [ off, \"off\", true ]", "a:\n  - off\n  - \"off\"\n  - true\n"},
      {"a: { b: [], c: {}, d: }", "a:\n  b: []\n  c: {}\n  d: null\n"},
      {"a: |\n  one\n  two\n", "a: \"one\\ntwo\\n\"\n"},
      {"a: one\n  two", "a: one two\n"},
      {"\"a b\": \"c: d\"", "\"a b\": \"c: d\"\n"},
      {"a: {b: [x, \"[::]:1\"]}", "a:\n  b:\n    - x\n    - \"[::]:1\"\n"},
      {"a: [ [ 1, 2 ], { b: 1, c: [ 3 ] } ]",
       "a:\n  - - 1\n    - 2\n  - b: 1\n    c:\n      - 3\n"},
      {"a: -1", "a: -1\n"},
      {"a: \"- x\"", "a: \"- x\"\n"},
      {"a: Grün", "a: \"Grün\"\n"},
      {"\"off\": 1", "\"off\": 1\n"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.written);
    const std::string text = head_of(value(each.written)).text;
    CHECK(text == each.rendered);
    // What was rendered says the same.
    CHECK(head_of(value(text)).text == text);
  }
}

TEST_CASE("value: each line knows where it was written") {
  Assembly assembly;
  assembly.head = head_of(value("a:   { b:  c }\nd: [ 1,\n  2 ]\n"));
  CHECK(assembly.head.text == "a:\n  b: c\nd:\n  - 1\n  - 2\n");
  CHECK(assembly.head.count == 5);
  const Places places(assembly);
  struct Case {
    config::Location rendered, place;
  };
  // The line of the version is the first.
  const Case cases[] = {{{2, 1}, {1, 1}}, {{3, 3}, {1, 8}}, {{3, 6}, {1, 12}},
                        {{4, 1}, {2, 1}}, {{5, 5}, {2, 6}}, {{6, 5}, {3, 3}}};
  for (const Case& each : cases) {
    CAPTURE(each.rendered.line);
    CHECK(places.find(each.rendered).at == each.place);
  }
  CHECK(places.find({1, 1}).document == Place::kNoDocument);
  CHECK(places.find({}).document == Place::kNoDocument);
}

}  // namespace
