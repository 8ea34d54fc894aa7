#include "proxy/match/matcher.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using test::TestRequest;

namespace {

TEST_CASE("matcher: values") {
  const auto regex = [](const char* pattern) { return *ValueMatcher::regex(pattern); };
  struct Case {
    ValueMatcher matcher;
    std::vector<std::optional<std::string_view>> yes;
    std::vector<std::optional<std::string_view>> no;
    std::string_view described;
  };
  const Case cases[] = {
      {ValueMatcher::exact("red"), {"red"}, {{}, "", "re", "redd", "Red"}, "exact \"red\""},
      {ValueMatcher::exact(""), {""}, {{}, "x"}, "exact \"\""},
      {ValueMatcher::prefix("qa-"), {"qa-", "qa-1"}, {{}, "", "qa", "xqa-"}, "prefix \"qa-\""},
      {ValueMatcher::suffix({"07", "13"}),
       {"07", "x13", "107"},
       {{}, "", "7", "071"},
       "suffix \"07\" \"13\""},
      {regex("a+b?"), {"a", "aab"}, {{}, "", "b", "xa", "abx"}, "regex \"a+b?\""},
      {ValueMatcher::present(true), {"", "x"}, {{}}, "present"},
      {ValueMatcher::present(false), {{}}, {"", "x"}, "absent"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.described);
    CHECK(each.matcher.describe() == each.described);
    for (const auto& value : each.yes) CHECK(each.matcher.matches(value));
    for (const auto& value : each.no) CHECK_FALSE(each.matcher.matches(value));
  }
}

TEST_CASE("matcher: a broken regular expression is an error, not a crash") {
  for (const char* pattern : {"(", "a{2,1}", "[z-a]", "(?P<n", "\\", "(?=x)"}) {
    CAPTURE(pattern);
    const auto value = ValueMatcher::regex(pattern);
    CHECK_FALSE(value);
    if (!value) CHECK_FALSE(value.error().message.empty());
    CHECK_FALSE(PathMatcher::regex(pattern));
  }
}

TEST_CASE("matcher: paths") {
  struct Case {
    PathMatcher matcher;
    std::vector<std::string_view> yes;
    std::vector<std::string_view> no;
  };
  const Case cases[] = {
      {PathMatcher::exact("/a"), {"/a"}, {"/a/", "/A", "/", "", "/ab"}},
      {PathMatcher::prefix("/a"), {"/a", "/a/", "/a/b"}, {"/ab", "/", "", "/b/a"}},
      {PathMatcher::prefix("/a/"), {"/a", "/a/", "/a/b"}, {"/ab", "/", ""}},
      {PathMatcher::prefix("/"), {"/", "/a", "//", ""}, {"*"}},
      {PathMatcher::prefix("/a/b//"), {"/a/b", "/a/b/c"}, {"/a", "/a/bc"}},
      {*PathMatcher::regex("/v[0-9]+/.*"), {"/v1/", "/v22/x/y"}, {"/v/", "x/v1/", "/v1"}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.matcher.describe());
    for (const auto path : each.yes) {
      CAPTURE(path);
      CHECK(each.matcher.matches(path));
    }
    for (const auto path : each.no) {
      CAPTURE(path);
      CHECK_FALSE(each.matcher.matches(path));
    }
  }
}

TEST_CASE("matcher: hosts") {
  struct Case {
    std::string_view pattern;
    std::string_view host;
    bool matches;
  };
  const Case cases[] = {
      {"shop.example", "shop.example", true},
      {"SHOP.example", "shop.example", true},
      {"shop.example", "x.shop.example", false},
      {"*.shop", "a.shop", true},
      {"*.shop", "a.b.shop", true},
      {"*.shop", "shop", false},
      {"*.shop", ".shop", false},
      {"*.shop", "ashop", false},
      {"*", "anything", true},
      {"*", "", true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.pattern);
    CAPTURE(each.host);
    CHECK(HostPattern(each.pattern).matches(each.host) == each.matches);
  }
}

TEST_CASE("matcher: a host without case, port and final dot") {
  const std::string longest(255, 'a');
  struct Case {
    std::string authority;
    std::string host;
  };
  const Case cases[] = {{"price", "price"},
                        {"Price:80", "price"},
                        {"price.", "price"},
                        {"PRICE.shop.:8080", "price.shop"},
                        {"[::1]:80", "[::1]"},
                        {"[FE80::1]", "[fe80::1]"},
                        {"", ""},
                        {":80", ""},
                        {".", "."},
                        {"127.0.0.1:9", "127.0.0.1"},
                        {longest, longest},
                        {longest + "a", ""},
                        {longest + ":80", longest},
                        {"[", ""}};
  for (const Case& each : cases) {
    CAPTURE(each.authority);
    char out[256];
    CHECK(normal_host(each.authority, out) == each.host);
  }
}

TEST_CASE("matcher: the query is compared decoded") {
  struct Case {
    std::string_view path;
    std::string_view key;
    std::string_view value;
    bool matches;
  };
  const Case cases[] = {
      {"/?a=1", "a", "1", true},       {"/?b=1", "a", "1", false},
      {"/?a=1&a=2", "a", "2", false},  {"/?x&a=1", "a", "1", true},
      {"/?a=b%20c", "a", "b c", true}, {"/?a=b+c", "a", "b c", true},
      {"/?%61=1", "a", "1", true},     {"/?a=%3d%26", "a", "=&", true},
      {"/?a=%2", "a", "%2", true},     {"/?a=%zz", "a", "%zz", true},
      {"/?a=%4", "a", "%4", true},     {"/?a=%41", "a", "A", true},
      {"/?a", "a", "", true},          {"/?a=", "a", "", true},
      {"/?a=b=c", "a", "b=c", true},   {"/?&&a=1", "a", "1", true},
      {"/", "a", "", false},           {"/?", "a", "", false},
      {"/?a=1?2", "a", "1?2", true},   {"/?a=%00x", "a", std::string_view("\0x", 2), true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.path);
    TestRequest request("GET", each.path);
    Matcher matcher;
    matcher.query.push_back({std::string(each.key), ValueMatcher::exact(std::string(each.value))});
    CHECK(matcher.matches({request.head, "price", "", "", ""}) == each.matches);
  }
}

TEST_CASE("matcher: all that is named must hold, and explain names the first that does not") {
  Matcher matcher;
  matcher.hosts.emplace_back("shop.example");
  matcher.hosts.emplace_back("*.shop");
  matcher.path = PathMatcher::prefix("/price/");
  matcher.methods = {"GET", "POST"};
  matcher.headers.push_back({HeaderName("x-beta"), ValueMatcher::exact("1")});
  matcher.query.push_back({"q", ValueMatcher::present(true)});
  matcher.color = "red";
  matcher.tenant = "acme";
  matcher.principals = {*SpiffePattern::parse("spiffe://a/*"), *SpiffePattern::parse("spiffe://b")};
  struct Case {
    std::string_view host, method, path, beta, color, tenant, why_not;
    std::string_view principal = "spiffe://a/x";
  };
  const Case cases[] = {
      {"a.shop", "GET", "/price/1?q", "1", "red", "acme", ""},
      {"other", "GET", "/price?q", "1", "red", "acme",
       "host \"other\" is not shop.example or *.shop"},
      {"a.shop", "GET", "/prices?q", "1", "red", "acme",
       "path \"/prices\" is not prefix \"/price/\""},
      {"a.shop", "get", "/price?q", "1", "red", "acme", "method \"get\" is not GET or POST"},
      {"a.shop", "GET", "/price?q", "2", "red", "acme", "header x-beta \"2\" is not exact \"1\""},
      {"a.shop", "GET", "/price?r", "1", "red", "acme", "query q \"\" is not present"},
      {"a.shop", "GET", "/price?q", "1", "", "acme", "color \"\" is not red"},
      {"a.shop", "GET", "/price?q", "1", "red.x", "acme", "color \"red.x\" is not red"},
      {"a.shop", "GET", "/price?q", "1", "red", "", "tenant \"\" is not acme"},
      {"a.shop", "GET", "/price/1?q", "1", "red", "acme", "", "spiffe://b"},
      {"a.shop", "GET", "/price?q", "1", "red", "acme",
       "principal \"spiffe://b/x\" is not spiffe://a/* or spiffe://b", "spiffe://b/x"},
      {"a.shop", "GET", "/price?q", "1", "red", "acme",
       "principal \"\" is not spiffe://a/* or spiffe://b", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.why_not);
    TestRequest request(each.method, each.path, "shop", {{"X-Beta", std::string(each.beta)}});
    const MatchInput input{request.head, each.host, each.color, each.tenant, each.principal};
    CHECK(matcher.matches(input) == each.why_not.empty());
    CHECK(matcher.why_not(input).value_or("") == each.why_not);
  }
}

TEST_CASE("matcher: base is the undyed, host is the authority, nothing named matches all") {
  TestRequest request("GET", "/", "Price:80");
  Matcher undyed;
  undyed.color = "base";
  CHECK(undyed.matches({request.head, "price", "", "", ""}));
  CHECK_FALSE(undyed.matches({request.head, "price", "red", "", ""}));
  Matcher host;
  host.headers.push_back({HeaderName("host"), ValueMatcher::exact("Price:80")});
  CHECK(host.matches({request.head, "price", "", "", ""}));
  CHECK(Matcher().matches({request.head, "", "red", "acme", ""}));
}

}  // namespace
