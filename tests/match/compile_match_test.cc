#include "proxy/match/compile_match.h"

#include <doctest/doctest.h>

#include <memory>

#include "config/tables.h"

using namespace woad;

namespace {

struct Compiled {
  Matcher matcher;
  std::string errors;
};

Compiled compile(std::string yaml) {
  const auto text = std::make_shared<const std::string>(std::move(yaml));
  config::Diagnostics diagnostics("match.yaml", text);
  const auto document = config::Document::parse(*text, config::Environment::none(), diagnostics);
  REQUIRE(document != nullptr);
  config::Match match;
  Compiled compiled;
  if (config::match_table().decode(document->root(), match, diagnostics)) {
    compiled.matcher = compile_match(match, diagnostics);
  }
  if (!diagnostics.ok()) compiled.errors = diagnostics.text();
  return compiled;
}

}  // namespace

TEST_CASE("compile_match: errors stand at their place") {
  const struct {
    const char* yaml;
    const char* error;
  } kCases[] = {
      {"principals: [spiffe://a/b, spiffe://a/b*]",
       "match.yaml:1:28: error: principals[1]: `*` stands for a whole segment"},
      {"principals: ['spiffe://a/**/b']", "1:14: error: principals[0]: `**` stands for the rest"},
      {"principals: [example.org]", "1:14: error: principals[0]: a pattern begins with spiffe://"},
      {"principals: ['*']", "1:14: error: principals[0]: a pattern begins with spiffe://"},
      {"principals: []", "1:13: error: principals: an empty list names nobody"},
      {"principals:", "error: principals: an empty list names nobody"},
      {"principals: spiffe://a/b", "1:13: error: principals: expected a list"},
      {"path: { regex: '(' }", "1:16: error: path.regex: not a regular expression of RE2"},
      {"headers: { x: { regex: '[' } }", "1:24: error: headers.x.regex: not a regular expression"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.yaml);
    const std::string errors = compile(each.yaml).errors;
    CHECK_MESSAGE(errors.find(each.error) != std::string::npos, errors);
  }
}

TEST_CASE("compile_match: what is written alike is equal, and nothing else") {
  const char* const kTexts[] = {
      "{}",
      "hosts: [a]",
      "hosts: [b]",
      "path: { exact: /a }",
      "path: { prefix: /a }",
      "path: { regex: /a }",
      "methods: [GET]",
      "headers: { x: { exact: a } }",
      "headers: { y: { exact: a } }",
      "headers: { x: { prefix: a } }",
      "headers: { x: { suffix: a } }",
      "headers: { x: { suffix: [a, b] } }",
      "headers: { x: { regex: a } }",
      "headers: { x: { regex: b } }",
      "headers: { x: { present: true } }",
      "headers: { x: { present: false } }",
      "query: { x: { exact: a } }",
      "color: red",
      "tenant: red",
      "principals: [spiffe://a]",
      "principals: [spiffe://a/b]",
      "principals: [spiffe://a, spiffe://a/b]",
  };
  for (const char* a : kTexts) {
    for (const char* b : kTexts) {
      CAPTURE(a);
      CAPTURE(b);
      CHECK((compile(a).matcher == compile(b).matcher) == (a == b));
    }
  }
}
