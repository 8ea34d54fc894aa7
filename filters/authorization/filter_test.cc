#include "filters/authorization/filter.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/filters/support/filter_bench.h"
#include "tests/support/request_head.h"

namespace woad {
namespace {

using Bench = test::FilterBench<AuthorizationFilter>;

constexpr std::string_view kWeb = "spiffe://example.org/ns/shop/sa/web";

AuthorizationSettings settings(const std::string& yaml) {
  auto decoded = test::decode<AuthorizationFilter>(yaml);
  CHECK(decoded.errors == "");
  return std::move(decoded.settings);
}

// A request and what is known of its caller.
struct Asked {
  std::string_view target = "/";
  test::Fields fields{};
  std::string_view method = "GET";
  std::string_view host = "cart";
  std::string_view principal{};
  std::string_view color{};
  std::string_view tenant{};
  bool probe = false;
};

// "go", or the status and the sentence.
std::string ask(const AuthorizationSettings& rules, const Asked& asked) {
  Bench bench(rules);
  test::TestRequest::fill(bench.request, asked.method, asked.target, asked.host, asked.fields);
  bench.info.direction = Direction::kInbound;
  bench.info.principal = asked.principal;
  bench.info.color = asked.color;
  bench.info.tenant = asked.tenant;
  bench.info.probe = asked.probe;
  HeadVerdict verdict = bench.filter().on_request_head(bench.request, true);
  CHECK(bench.request.path == asked.target);
  if (verdict.kind() == HeadVerdict::Kind::kGo) return "go";
  const LocalReply reply = verdict.take_reply();
  CHECK(reply.code ==
        (reply.effective_status() == 403 ? ErrorCode::kDenied : ErrorCode::kBadRequest));
  return std::to_string(reply.effective_status()) + " " + reply.details;
}

std::string status(const AuthorizationSettings& rules, const Asked& asked) {
  return ask(rules, asked).substr(0, 3);
}

constexpr const char* kNobody = "this request of a caller without a verified identity is ";

TEST_CASE("authorization: default, and deny wins over allow in any order") {
  const std::string by_none =
      "403 " + std::string(kNobody) + "allowed by no rule (authorization.default is deny)";
  const std::string by_b = "403 " + std::string(kNobody) + "denied by rule b (authorization)";
  const struct {
    const char* settings;
    std::string expected;
  } kCases[] = {
      {"{}", "go"},
      {"rules: []", "go"},
      {"default: allow", "go"},
      {"default: deny", by_none},
      {"{ default: deny, rules: [] }", by_none},
      {"rules: [{ name: a, action: allow }]", "go"},
      {"rules: [{ name: a, action: allow, match: { path: { exact: /x } } }]", by_none},
      {"rules: [{ name: b, action: deny, match: { path: { exact: /x } } }]", by_none},
      {"{ default: allow, rules: [{ name: b, action: deny, match: { path: { exact: /x } } }] }",
       "go"},
      {"{ default: allow, rules: [{ name: b, action: deny }] }", by_b},
      {"rules: [{ name: a, action: allow }, { name: b, action: deny }]", by_b},
      {"rules: [{ name: b, action: deny }, { name: a, action: allow }]", by_b},
      {"rules: [{ name: a, action: allow }, { name: b, action: deny }, { name: c, action: deny }]",
       by_b},
      {"rules: [{ action: allow }, { action: deny }]",
       "403 " + std::string(kNobody) + "denied by rule rules[1] (authorization)"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.settings);
    CHECK(ask(settings(each.settings), {}) == each.expected);
    CHECK(ask(settings(each.settings), {.probe = true}) == "go");
  }
}

TEST_CASE("authorization: each condition") {
  const struct {
    const char* match;
    std::vector<Asked> yes;
    std::vector<Asked> no;
  } kCases[] = {
      {"path: { exact: /a }", {{.target = "/a"}, {.target = "/a?x=//;"}}, {{.target = "/a/"}}},
      {"path: { prefix: /a }", {{.target = "/a/b"}, {.target = "/a"}}, {{.target = "/ab"}}},
      {"path: { regex: '/v[0-9]' }", {{.target = "/v1"}}, {{.target = "/v1/x"}}},
      {"path: { exact: '*' }", {{.target = "*", .method = "OPTIONS"}}, {{.target = "/"}}},
      {"methods: [GET, HEAD]", {{}, {.method = "HEAD"}}, {{.method = "POST"}, {.method = "BREW"}}},
      {"hosts: [cart, '*.shop']",
       {{.host = "CART:80"}, {.host = "cart."}, {.host = "a.shop"}},
       {{.host = "cart2"}, {.host = "shop"}, {.host = ""}}},
      {"headers: { X-Role: { exact: admin } }",
       {{.fields = {{"x-role", "admin"}}}},
       {{}, {.fields = {{"x-role", "Admin"}}}, {.fields = {{"x-role", ""}}}}},
      {"headers: { x-role: { present: false } }", {{}}, {{.fields = {{"x-role", ""}}}}},
      {"headers: { x-role: { prefix: a } }",
       {{.fields = {{"X-ROLE", "a,b"}}}},
       {{.fields = {{"x-role", "b,a"}}}}},
      {"query: { role: { exact: admin } }",
       {{.target = "/?role=admin"}, {.target = "/?%72ole=%61dmin"}},
       {{}, {.target = "/?role=x"}, {.target = "/?a=role=admin"}}},
      {"color: red", {{.color = "red"}}, {{}, {.color = "red.a"}}},
      {"color: base", {{}}, {{.color = "red"}}},
      {"tenant: acme", {{.tenant = "acme"}}, {{}, {.tenant = "other"}}},
      {"principals: ['spiffe://example.org/ns/shop/sa/*']",
       {{.principal = kWeb}},
       {{}, {.principal = "spiffe://example.org/ns/shop/sa/web/x"}, {.principal = "web"}}},
      {"{ principals: ['spiffe://example.org/**'], methods: [GET] }",
       {{.principal = kWeb}},
       {{}, {.method = "POST", .principal = kWeb}}},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.match);
    std::string match = each.match;
    if (match.front() != '{') match = "{ " + match + " }";
    const auto allowing = settings("rules: [{ name: a, action: allow, match: " + match + " }]");
    const auto denying =
        settings("{ default: allow, rules: [{ name: b, action: deny, match: " + match + " }] }");
    for (const Asked& asked : each.yes) {
      CAPTURE(asked.target);
      CHECK(status(allowing, asked) == "go");
      CHECK(status(denying, asked) == "403");
    }
    for (const Asked& asked : each.no) {
      CAPTURE(asked.target);
      CHECK(status(allowing, asked) == "403");
      CHECK(status(denying, asked) == "go");
    }
  }
}

TEST_CASE("authorization: where rules name methods, case alone makes no other method") {
  const auto named = settings(
      "{ default: allow, rules: [{ action: deny, match: { methods: [DELETE, PROPFIND] } }] }");
  const auto unnamed =
      settings("{ default: allow, rules: [{ action: deny, match: { path: { exact: /x } } }] }");
  const struct {
    std::string_view method;
    std::string_view answer;
    std::string_view meant = {};
  } kCases[] = {
      {"GET", "go"},
      {"DELETE", "403"},
      {"PROPFIND", "403"},
      {"M-SEARCH", "go"},
      {"brew", "go"},
      {"delete", "400", "DELETE"},
      {"Delete", "400", "DELETE"},
      {"dELETE", "400", "DELETE"},
      {"get", "400", "GET"},
      {"Patch", "400", "PATCH"},
      {"connect", "400", "CONNECT"},
      {"Propfind", "400", "PROPFIND"},
      {"GETS", "go"},
      {"get_", "go"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.method);
    const std::string answer = ask(named, {.method = each.method});
    CHECK(answer.substr(0, answer.find(' ')) == each.answer);
    if (!each.meant.empty()) {
      CHECK(answer == "400 rules judge methods, and this one differs from " +
                          std::string(each.meant) + " by case alone (authorization)");
    }
    CHECK(ask(unnamed, {.method = each.method}) == "go");
  }
}

TEST_CASE("authorization: a refusal names the caller and the rule") {
  const auto rules =
      settings("rules: [{ name: no-admin, action: deny, match: { methods: [PUT] } }]");
  CHECK(ask(rules, {.method = "PUT", .principal = kWeb}) ==
        "403 this request of " + std::string(kWeb) + " is denied by rule no-admin (authorization)");
  CHECK(ask(rules, {.target = "/secret?\"", .principal = kWeb}) ==
        "403 this request of " + std::string(kWeb) +
            " is allowed by no rule (authorization.default is deny)");
}

TEST_CASE("authorization: an ambiguous path is judged only where a rule names one") {
  const auto with = settings(
      "{ default: allow, rules: [{ name: b, action: deny, match: "
      "{ path: { prefix: /admin } } }] }");
  const auto without = settings("rules: [{ name: a, action: allow, match: { methods: [GET] } }]");
  for (const std::string_view target : {"//admin", "/x/../admin", "/%61dmin", "/a;b", "/a%2fb"}) {
    CAPTURE(target);
    CHECK(status(with, {.target = target}) == "400");
    CHECK(status(without, {.target = target}) == "go");
    CHECK(ask(with, {.target = target, .probe = true}) == "go");
    CHECK(ask(with, {.target = target}).find(target) == std::string::npos);
  }
  CHECK(ask(with, {.target = "/a//b"}) ==
        "400 rules judge paths, and this one has an empty segment (//) (authorization)");
  CHECK(status(with, {.target = "/a?b=//../%2f;#\\"}) == "go");
}

TEST_CASE("authorization: what rules name may come once") {
  const auto rules = settings(
      "{ default: allow, rules: ["
      "{ name: b, action: deny, match: { headers: { x-role: { exact: admin } } } },"
      "{ name: c, action: deny, match: { headers: { x-list: { exact: 'a,b' } } } },"
      "{ name: d, action: deny, match: { headers: { x-list: { exact: 'c' } } } },"
      "{ name: e, action: deny, match: { headers: { x-free: { prefix: a } } } },"
      "{ name: f, action: deny, match: { headers: { cookie: { regex: '.*s=1.*' } } } },"
      "{ name: g, action: deny, match: { query: { role: { exact: admin } } } }] }");
  const struct {
    Asked asked;
    const char* expected;
  } kCases[] = {
      {{}, "go"},
      {{.fields = {{"x-role", "user"}}}, "go"},
      {{.fields = {{"x-role", "admin"}}}, "403"},
      {{.fields = {{"x-role", "user"}, {"x-role", "admin"}}}, "400"},
      {{.fields = {{"x-role", "user"}, {"X-Role", "user"}}}, "400"},
      {{.fields = {{"x-role", "user, admin"}}}, "400"},
      {{.fields = {{"x-role", "user,"}}}, "400"},
      {{.fields = {{"x_role", "admin"}}}, "400"},
      {{.fields = {{"x-role", "user"}, {"X_Role", "admin"}}}, "400"},
      {{.fields = {{"x-roles", "a, b"}, {"x-roles", "c"}, {"x_roles", "c"}}}, "go"},
      {{.fields = {{"x-list", "a,b"}}}, "403"},
      {{.fields = {{"x-list", "a, b"}}}, "400"},
      {{.fields = {{"x-list", "c"}}}, "403"},
      {{.fields = {{"x-list", "c,d"}}}, "400"},
      {{.fields = {{"x-list", "a"}}}, "go"},
      {{.fields = {{"x-free", "b,a"}}}, "go"},
      {{.fields = {{"x-free", "b"}, {"x-free", "a"}}}, "400"},
      {{.fields = {{"cookie", "a=1; s=1"}}}, "403"},
      {{.fields = {{"cookie", "a=1"}, {"cookie", "s=1"}}}, "400"},
      {{.target = "/?role=user"}, "go"},
      {{.target = "/?role=admin"}, "403"},
      {{.target = "/?role=user&role=admin"}, "400"},
      {{.target = "/?role=user&%72ole=admin"}, "400"},
      {{.target = "/?role&role"}, "400"},
      {{.target = "/?role=a,b"}, "go"},
      {{.target = "/?a=1&a=2&role=x"}, "go"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.asked.target);
    CAPTURE((each.asked.fields.empty() ? "" : each.asked.fields[0].second));
    CHECK(status(rules, each.asked) == each.expected);
  }
  CHECK(ask(rules, {.fields = {{"x-role", "user"}, {"x-role", "secret"}}}) ==
        "400 a rule judges the header x-role, which comes more than once (authorization)");
  CHECK(ask(rules, {.target = "/?role&role"}) ==
        "400 a rule judges the query key role, which comes more than once (authorization)");
}

TEST_CASE("authorization: trailers say nothing that rules judge in the head") {
  Bench bench(settings("rules: [{ action: allow, match: { headers: { x-role: { exact: a } } } }]"));
  Headers trailers(bench.arena);
  for (const std::string_view name : {"X-Role", "x_role", "x-checksum"}) trailers.add(name, "v");
  CHECK(bench.filter().on_request_trailers(trailers).kind() == Verdict::Kind::kGo);
  REQUIRE(trailers.size() == 1);
  CHECK(trailers.begin()->name == "x-checksum");
}

TEST_CASE("authorization: the settings of the request decide") {
  Bench bench(settings("rules: [{ name: a, action: allow }]"));
  CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kGo);
  bench.settings = settings("rules: [{ name: a, action: deny }]");
  CHECK(bench.filter().on_request_head(bench.request, true).kind() == HeadVerdict::Kind::kReply);
}

TEST_CASE("authorization: settings that are wrong say so at their place") {
  const struct {
    const char* yaml;
    const char* error;
  } kCases[] = {
      {"default: maybe", "1:10: error: default: "},
      {"defaults: deny", "did you mean \"default\""},
      {"rules: {}", "1:8: error: rules: expected a list of rules"},
      {"rules: [{ name: a }]", "rules[0].action: is required and missing"},
      {"rules: [{ name: '', action: allow }]", "rules[0].name: "},
      {"rules: [{ action: allow, match: { paths: x } }]", "did you mean \"path\""},
      {"rules: [{ action: allow, match: { path: { regex: '(' } } }]",
       "1:50: error: rules[0].match.path.regex: not a regular expression of RE2"},
      {"rules: [{ action: allow, match: { principals: ['spiffe://a/b*'] } }]",
       "1:48: error: rules[0].match.principals[0]: `*` stands for a whole segment"},
      {"rules: [{ action: allow, match: { principals: [] } }]", "an empty list names nobody"},
      {"rules: [{ action: allow, match: { methods: [] } }]",
       "1:44: error: rules[0].match.methods: is empty and would hold for every request"},
      {"rules: [{ action: allow, match: { hosts: } }]", "rules[0].match.hosts: is empty"},
      {"rules: [{ action: allow, match: { headers: {} } }]", "rules[0].match.headers: is empty"},
      {"rules: [{ action: allow, match: { headers: { TE: { present: true } } } }]",
       "te belongs to the connection"},
      {"rules: [{ action: deny, match: { path: { exact: /a//b } } }]",
       "1:49: error: rules[0].match.path.exact: such requests are refused before any rule"},
      {"rules: [{ action: deny, match: { path: { prefix: /%61 } } }]", "escaped letter"},
      {"rules: [{ name: a, action: deny }, { name: a, action: allow }]",
       "rules[1].name: a rule before it is a already"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.yaml);
    const std::string errors = test::decode<AuthorizationFilter>(each.yaml).errors;
    CHECK_MESSAGE(errors.find(each.error) != std::string::npos, errors);
  }
  const std::string all = test::decode<AuthorizationFilter>(
                              "{ default: x, rules: [{ name: a }, { action: allow, match: "
                              "{ path: { regex: '(' }, principals: [a] } }] }")
                              .errors;
  for (const char* place : {"default:", "rules[0].action", "path.regex", "principals[0]"}) {
    CHECK_MESSAGE(all.find(place) != std::string::npos, all);
  }
}

TEST_CASE("authorization: settings written alike are equal, and rules are replaced whole") {
  const char* const kTexts[] = {"{}",
                                "default: deny",
                                "default: allow",
                                "rules: [{ name: a, action: allow }]",
                                "rules: [{ name: a, action: deny }]",
                                "rules: [{ name: b, action: allow }]",
                                "rules: [{ name: a, action: allow, match: { color: red } }]"};
  for (const char* a : kTexts) {
    for (const char* b : kTexts) CHECK((settings(a) == settings(b)) == (a == b));
  }
  const auto base = settings("{ default: allow, rules: [{ name: a, action: deny }] }");
  const auto over = test::decode<AuthorizationFilter>("rules: []", base);
  CHECK(over.errors == "");
  CHECK(over.settings.rules.empty());
  CHECK(over.settings.otherwise() == AccessAction::kAllow);
}

TEST_CASE("authorization: opaque bytes are judged by who sends them") {
  const struct {
    const char* settings;
    std::string_view principal;
    std::string expected;
  } kCases[] = {
      {"{}", "", "go"},
      {"rules: [ { name: a, action: allow, match: { principals: [\"spiffe://example.org/**\"] } } "
       "]",
       kWeb, "go"},
      {"rules: [ { name: a, action: allow, match: { principals: [\"spiffe://example.org/**\"] } } "
       "]",
       "", "403"},
      // A path that is not known allows nothing, and may be the one that is denied.
      {"rules: [ { name: a, action: allow, match: { path: { prefix: / } } } ]", kWeb, "403"},
      {"{ default: allow, rules: [ { name: a, action: deny, match: { path: { exact: /x } } } ] }",
       kWeb, "403"},
      {"{ default: allow, rules: [ { name: a, action: deny, match: { methods: [PUT], principals: "
       "[\"spiffe://example.org/ns/ci/sa/web\"] } } ] }",
       kWeb, "go"},
  };
  for (const auto& each : kCases) {
    CAPTURE(each.settings);
    const AuthorizationSettings rules = settings(each.settings);
    Bench bench(rules);
    bench.request.protocol = Protocol::kTcp;
    bench.request.method = Method::kConnect;
    bench.request.method_name = "CONNECT";
    bench.request.authority = "10.0.0.1:3306";
    bench.info.direction = Direction::kInbound;
    bench.info.principal = each.principal;
    HeadVerdict verdict = bench.filter().on_request_head(bench.request, false);
    const bool goes = verdict.kind() == HeadVerdict::Kind::kGo;
    CHECK((goes ? "go" : std::to_string(verdict.take_reply().effective_status())) == each.expected);
  }
}

}  // namespace
}  // namespace woad
