#include "proxy/context/trust.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

namespace {

SpiffePattern pattern(std::string_view text) {
  auto parsed = SpiffePattern::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

ColorGrant grant(std::string_view text) {
  auto parsed = ColorGrant::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("a grant is a colour or all children of one") {
  const struct {
    const char* grant;
    const char* color;
    bool covers;
  } kCases[] = {
      {"red", "red", true},         {"red", "red.a", false},     {"red", "redder", false},
      {"red.*", "red", false},      {"red.*", "red.a", true},    {"red.*", "red.a.b", true},
      {"red.*", "redder.a", false}, {"red.*", "blue", false},    {"red.a", "red.a", true},
      {"red.a.*", "red.a.b", true}, {"red.a.*", "red.b", false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.grant);
    CAPTURE(test.color);
    CHECK(grant(test.grant).covers(test.color) == test.covers);
  }
  for (const char* bad :
       {"", "*", ".*", "Red", "red*", "red.**", "*.red", "re d", "base", "base.*"}) {
    CAPTURE(bad);
    CHECK_FALSE(ColorGrant::parse(bad));
  }
}

TEST_CASE("trust: identities for everything, colors for no more than they grant") {
  ContextTrust trust;
  trust.add_identity(pattern("spiffe://example.org/ns/shop/sa/*"));
  trust.add_colors(pattern("spiffe://example.org/ns/ci/sa/team-a"), {grant("red"), grant("red.*")});
  trust.add_colors(pattern("spiffe://example.org/ns/ci/**"), {grant("blue")});
  trust.add_colors(pattern("spiffe://example.org/ns/shop/sa/edge"), {grant("canary")});
  const struct {
    const char* principal;
    bool context;
    bool any_color;
    std::vector<const char*> may;
    std::vector<const char*> may_not;
  } kCases[] = {
      {"spiffe://example.org/ns/shop/sa/cart", true, true, {"", "red", "green", "red.x"}, {}},
      {"spiffe://example.org/ns/ci/sa/team-a",
       false,
       true,
       {"", "red", "red.x", "blue"},
       {"green"}},
      {"spiffe://example.org/ns/ci/sa/team-b", false, true, {"", "blue"}, {"red", "blue.x"}},
      {"spiffe://example.org/ns/shop/sa/edge", true, true, {"", "canary"}, {"red", "blue"}},
      {"spiffe://example.org/ns/other/sa/x", false, false, {""}, {"red", "blue", "canary"}},
      {"", false, false, {""}, {"red", "blue", "canary"}},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.principal);
    const TrustVerdict verdict = trust.verdict(test.principal);
    CHECK(verdict.context() == test.context);
    CHECK(verdict.any_color() == test.any_color);
    for (const char* color : test.may) CHECK_MESSAGE(verdict.color(color), color);
    for (const char* color : test.may_not) CHECK_FALSE_MESSAGE(verdict.color(color), color);
  }
}

TEST_CASE("trust in plaintext is for those without an identity alone") {
  ContextTrust trust;
  CHECK_FALSE(trust.verdict("").context());
  trust.set_plaintext(true);
  CHECK(trust.verdict("").context());
  CHECK(trust.verdict("").color("red"));
  CHECK_FALSE(trust.verdict("spiffe://example.org/ns/a").context());
  CHECK_FALSE(trust.verdict("spiffe://example.org/ns/a").color("red"));
}
