#include "proxy/match/spiffe_pattern.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

namespace {

SpiffePattern pattern(std::string_view text) {
  auto parsed = SpiffePattern::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("patterns match whole segments, byte for byte") {
  const std::string long_id = "spiffe://example.org/" + std::string(2048, 'a');
  const struct {
    const char* pattern;
    std::string id;
    bool matches;
  } kCases[] = {
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/cart", true},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/cart2", false},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa", false},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/cart/x", false},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/cart/", false},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.org/ns/shop/sa/Cart", false},
      {"spiffe://example.org/ns/shop/sa/cart", "spiffe://example.com/ns/shop/sa/cart", false},
      {"spiffe://example.org/ns/shop/sa/cart", "https://example.org/ns/shop/sa/cart", false},
      {"spiffe://example.org/ns/shop/sa/cart", "SPIFFE://example.org/ns/shop/sa/cart", false},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns/shop/sa/cart", true},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns//sa/cart", false},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns/a/b/sa/cart", false},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns/../sa/cart", false},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns/%2e/sa/cart", false},
      {"spiffe://example.org/ns/*/sa/cart", "spiffe://example.org/ns/*/sa/cart", false},
      {"spiffe://example.org/*", "spiffe://example.org/a", true},
      {"spiffe://example.org/*", "spiffe://example.org/a/b", false},
      {"spiffe://example.org/*", "spiffe://example.org", false},
      {"spiffe://example.org/*", "spiffe://example.org/", false},
      {"spiffe://example.org/**", "spiffe://example.org/a", true},
      {"spiffe://example.org/**", "spiffe://example.org/a/b/c", true},
      {"spiffe://example.org/**", "spiffe://example.org", false},
      {"spiffe://example.org/**", "spiffe://example.org/", false},
      {"spiffe://example.org/**", "spiffe://example.org/a/", false},
      {"spiffe://example.org/**", "spiffe://example.org/a//b", false},
      {"spiffe://example.org/**", "spiffe://example.org.evil.com/a", false},
      {"spiffe://example.org/**", long_id, false},
      {"spiffe://example.org/ns/shop/**", "spiffe://example.org/ns/shop/sa/cart", true},
      {"spiffe://example.org/ns/shop/**", "spiffe://example.org/ns/shop", false},
      {"spiffe://example.org/ns/shop/**", "spiffe://example.org/ns/shopping/sa", false},
      {"spiffe://example.org/*/**", "spiffe://example.org/a", false},
      {"spiffe://example.org/*/**", "spiffe://example.org/a/b", true},
      {"spiffe://example.org", "spiffe://example.org", true},
      {"spiffe://example.org", "spiffe://example.org/a", false},
      {"spiffe://example.org", "", false},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.pattern);
    CAPTURE(test.id);
    CHECK(pattern(test.pattern).matches(test.id) == test.matches);
    CHECK(pattern(test.pattern).text() == test.pattern);
  }
}

TEST_CASE("a wrong pattern says what to write") {
  const struct {
    std::string text;
    const char* sentence;
  } kCases[] = {
      {"", "begins with spiffe://"},
      {"example.org/ns/a", "begins with spiffe://"},
      {"Spiffe://example.org/a", "begins with spiffe://"},
      {"spiffe://", "names its trust domain"},
      {"spiffe:///ns/a", "names its trust domain"},
      {"spiffe://*/ns/a", "cannot be a glob"},
      {"spiffe://**", "cannot be a glob"},
      {"spiffe://*.example.org/a", "cannot be a glob"},
      {"spiffe://Example.org/a", "trust domain has \""},
      {"spiffe://example.org:443/a", "trust domain has \""},
      {"spiffe://user@example.org/a", "trust domain has \""},
      {"spiffe://" + std::string(256, 'a') + "/a", "more than 255 bytes"},
      {"spiffe://example.org/ns/a*", "whole segment"},
      {"spiffe://example.org/ns/*a/b", "whole segment"},
      {"spiffe://example.org/ns/***", "whole segment"},
      {"spiffe://example.org/**/sa", "can only come last"},
      {"spiffe://example.org/", "empty segment"},
      {"spiffe://example.org/a/", "empty segment"},
      {"spiffe://example.org//a", "empty segment"},
      {"spiffe://example.org/a/./b", "segment of dots"},
      {"spiffe://example.org/..", "segment of dots"},
      {"spiffe://example.org/a b", "its path has \""},
      {"spiffe://example.org/a%2f", "its path has \""},
      {"spiffe://example.org/a?b", "its path has \""},
      {"spiffe://example.org/(a|b)", "its path has \""},
      {"spiffe://example.org/" + std::string(2048, 'a'), "at most 2048 bytes"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.text);
    const auto parsed = SpiffePattern::parse(test.text);
    REQUIRE_FALSE(parsed);
    CHECK_MESSAGE(parsed.error().message.find(test.sentence) != std::string::npos,
                  parsed.error().message);
  }
}
