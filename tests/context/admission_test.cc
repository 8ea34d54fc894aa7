#include "proxy/context/admission.h"

#include <doctest/doctest.h>

#include "tests/support/context_system.h"
#include "tests/support/request_head.h"

using namespace woad;
using test::Fields;
using test::TestRequest;

namespace {

constexpr std::string_view kMesh = "spiffe://example.org/ns/shop/sa/cart";
constexpr std::string_view kCi = "spiffe://example.org/ns/ci/sa/team-a";
constexpr std::string_view kBoth = "spiffe://example.org/ns/shop/sa/gateway";

ContextTrust make_trust() {
  ContextTrust trust;
  trust.add_identity(*SpiffePattern::parse("spiffe://example.org/ns/shop/sa/*"));
  const auto grants = [](std::initializer_list<std::string_view> colors) {
    std::vector<ColorGrant> all;
    for (const auto color : colors) all.push_back(*ColorGrant::parse(color));
    return all;
  };
  trust.add_colors(*SpiffePattern::parse(kCi), grants({"red", "red.*"}));
  trust.add_colors(*SpiffePattern::parse(kBoth), grants({"canary"}));
  return trust;
}

int64_t stripped(const WorkerMetrics& metrics, std::string_view why) {
  for (const auto& series : metrics.snapshot().series) {
    if (series.family == Family::kContextStripped && series.labels[0] == why) return series.value;
  }
  return 0;
}

// One request through the admission.
struct Admitted {
  explicit Admitted(const Fields& fields, Direction direction = Direction::kOutbound,
                    std::string_view principal = "")
      : system(test::make_context_system()), request("GET", "/", "price", fields) {
    system.rules.trust = make_trust();
    info.direction = direction;
    info.principal = principal;
    refused = admit_context(request.head, system.rules, info, metrics);
  }

  ContextSystem system;
  TestRequest request;
  ExchangeInfo info;
  WorkerMetrics metrics;
  std::optional<LocalReply> refused;
};

TEST_CASE("admission: what a request says of itself in headers") {
  const std::string too_long(64, 'a');
  struct Case {
    std::string_view what;
    Fields fields;
    std::string_view color;
    std::string_view tenant;
    std::string_view color_field;
    std::string_view alias_field;
    int64_t invalid = 0;
  };
  const Case cases[] = {
      {"nothing", {}, "", "", "(none)", "(none)"},
      {"canonical", {{"x-woad-color", "red"}}, "red", "", "red", "(none)"},
      {"any case", {{"X-Woad-Color", " RED "}}, "red", "", "red", "(none)"},
      {"alias", {{"x-env", "red"}}, "red", "", "red", "red"},
      {"both agree", {{"x-env", "Red"}, {"x-woad-color", "red"}}, "red", "", "red", "Red"},
      {"twice", {{"x-woad-color", "red"}, {"x-woad-color", "RED"}}, "red", "", "red", "(none)"},
      {"child", {{"x-woad-color", "red.alice"}}, "red.alice", "", "red.alice", "(none)"},
      {"invalid is removed", {{"x-woad-color", "r d"}}, "", "", "(none)", "(none)", 1},
      {"empty is removed", {{"x-woad-color", ""}}, "", "", "(none)", "(none)", 1},
      {"list is removed", {{"x-woad-color", "red, blue"}}, "", "", "(none)", "(none)", 1},
      {"too long is removed", {{"x-woad-color", too_long}}, "", "", "(none)", "(none)", 1},
      {"invalid loses", {{"x-woad-color", "!"}, {"x-env", "red"}}, "red", "", "red", "red", 1},
      {"base is no colour", {{"x-woad-color", "base"}}, "", "", "base", "(none)"},
      {"tenant", {{"X-Woad-Tenant", "ACME"}}, "", "acme", "(none)", "(none)"},
      {"both",
       {{"x-woad-tenant", "acme"}, {"x-woad-color", "red"}},
       "red",
       "acme",
       "red",
       "(none)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const Admitted result(each.fields);
    CHECK_FALSE(result.refused);
    CHECK(result.info.color == each.color);
    CHECK(result.info.tenant == each.tenant);
    CHECK((result.info.context_source == ContextSource::kHeader) ==
          !(each.color.empty() && each.tenant.empty()));
    CHECK(result.request.field("x-woad-color") == each.color_field);
    CHECK(result.request.field("x-env") == each.alias_field);
    if (!each.tenant.empty()) CHECK(result.request.field("x-woad-tenant") == each.tenant);
    CHECK(stripped(result.metrics, "invalid") == each.invalid);
  }
}

TEST_CASE("admission: contradicting headers are refused") {
  struct Case {
    Fields fields;
    std::string_view details;
  };
  const Case cases[] = {
      {{{"x-woad-color", "red"}, {"x-env", "blue"}}, "the request names two different colours"},
      {{{"x-woad-color", "red"}, {"x-woad-color", "blue"}},
       "the request names two different colours"},
      {{{"x-env", "red"}, {"x-env", "red.a"}}, "the request names two different colours"},
      {{{"x-woad-tenant", "a"}, {"X-Woad-Tenant", "b"}}, "the request names two different tenants"},
  };
  for (const Case& each : cases) {
    const Admitted result(each.fields);
    REQUIRE(result.refused);
    CHECK(result.refused->effective_status() == 400);
    CHECK(result.refused->code == ErrorCode::kBadRequest);
    CHECK(result.refused->details == each.details);
  }
}

TEST_CASE("admission: names with '_' for '-' are refused from other pods") {
  for (const std::string_view name : {"x_env", "X-Woad_Color", "x_user_id"}) {
    CAPTURE(name);
    const Fields fields = {{std::string(name), "red"}};
    const Admitted inbound(fields, Direction::kInbound, kMesh);
    REQUIRE(inbound.refused);
    CHECK(inbound.refused->effective_status() == 400);
    const Admitted outbound(fields);
    CHECK_FALSE(outbound.refused);
    CHECK(outbound.info.color == "");
  }
}

TEST_CASE("admission: the first carrier that has a value wins") {
  struct Case {
    std::string_view what;
    Fields fields;
    std::string_view color;
    std::string_view tenant;
    ContextSource source;
  };
  const Case cases[] = {
      {"header before baggage",
       {{"x-woad-color", "red"}, {"baggage", "woad.color=blue"}},
       "red",
       "",
       ContextSource::kHeader},
      {"baggage before tracestate",
       {{"tracestate", "woad=c:blue"}, {"baggage", "k=v,woad.color=red"}},
       "red",
       "",
       ContextSource::kBaggage},
      {"tracestate alone",
       {{"tracestate", "a=b,woad=c:red;t:acme"}},
       "red",
       "acme",
       ContextSource::kTracestate},
      {"each value by itself",
       {{"x-woad-color", "red"}, {"baggage", "woad.tenant=acme"}},
       "red",
       "acme",
       ContextSource::kHeader},
      {"an invalid header counts as none",
       {{"x-woad-color", "!"}, {"baggage", "woad.color=red"}},
       "red",
       "",
       ContextSource::kBaggage},
      {"bad baggage is no context",
       {{"baggage", "woad.color=red,=,"}, {"tracestate", "woad=c:blue"}},
       "blue",
       "",
       ContextSource::kTracestate},
      {"foreign members alone",
       {{"baggage", "k=v"}, {"tracestate", "a=b"}},
       "",
       "",
       ContextSource::kNone},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const Admitted result(each.fields);
    CHECK_FALSE(result.refused);
    CHECK(result.info.color == each.color);
    CHECK(result.info.tenant == each.tenant);
    CHECK(result.info.context_source == each.source);
  }
}

TEST_CASE("admission: carriers that are switched off are not read") {
  TestRequest request("GET", "/", "price",
                      {{"baggage", "woad.color=red"}, {"tracestate", "woad=c:red"}});
  ContextSystem system = test::make_context_system();
  system.rules.baggage = false;
  system.rules.tracestate = false;
  ExchangeInfo info;
  WorkerMetrics metrics;
  CHECK_FALSE(admit_context(request.head, system.rules, info, metrics));
  CHECK(info.color == "");
  CHECK(request.field("baggage") == "woad.color=red");
  CHECK(request.field("tracestate") == "woad=c:red");
}

TEST_CASE("admission: nothing that an untrusted peer forges gets through") {
  const Fields forged = {{"x-woad-color", "red"},
                         {"X-WOAD-Color", "blue"},
                         {"X-Env", "green"},
                         {"x-woad-tenant", "acme"},
                         {"X-User-Id", "root"},
                         {"x-woad-admin", "1"},
                         {"baggage", "a=1,woad.color=red;p=1,b=2"},
                         {"Baggage", "woad.tenant=acme"},
                         {"tracestate", "x=1,woad=c:red,y=2"},
                         {"x-woad-timeout-ms", "5"},
                         {"x-woad-hops", "3"},
                         {"x-woad-attempt", "2"},
                         {"x-request-id", "r1"}};
  const Admitted result(forged, Direction::kInbound);
  CHECK_FALSE(result.refused);
  CHECK(result.info.color == "");
  CHECK(result.info.tenant == "");
  CHECK(result.info.context_source == ContextSource::kNone);
  for (const std::string_view gone :
       {"x-woad-color", "x-env", "x-woad-tenant", "x-user-id", "x-woad-admin"}) {
    CAPTURE(gone);
    CHECK(result.request.field(gone) == "(none)");
  }
  CHECK(result.request.field("baggage") == "a=1,b=2");
  CHECK(result.request.field("tracestate") == "x=1,y=2");
  CHECK(result.request.field("x-woad-timeout-ms") == "5");
  CHECK(result.request.field("x-woad-hops") == "3");
  CHECK(result.request.field("x-woad-attempt") == "2");
  CHECK(result.request.field("x-request-id") == "r1");
  CHECK(stripped(result.metrics, "untrusted") == 8);
}

TEST_CASE("admission: of baggage that cannot be read ours goes, whoever sends it") {
  for (const auto direction : {Direction::kInbound, Direction::kOutbound}) {
    const Admitted dyed({{"baggage", "a=\"1\" , woad.color=red"}}, direction, kMesh);
    CHECK(dyed.info.color == "");
    CHECK(dyed.request.field("baggage") == "a=\"1\"");
    CHECK(stripped(dyed.metrics, "malformed") == 1);
    const Admitted foreign({{"baggage", "a=\"1\" , b"}}, direction, kMesh);
    CHECK(foreign.request.field("baggage") == "a=\"1\" , b");
    CHECK(stripped(foreign.metrics, "malformed") == 0);
  }
  const Admitted hidden({{"baggage", "a=1,woad%2Ecolor=red,Woad.Tenant=t"}}, Direction::kInbound);
  CHECK(hidden.request.field("baggage") == "a=1");
  CHECK(stripped(hidden.metrics, "untrusted") == 1);
}

TEST_CASE("admission: identities set what they are granted") {
  struct Case {
    std::string_view what;
    std::string_view principal;
    Fields fields;
    std::string_view color;
    std::string_view tenant;
    std::string_view user;
    int64_t not_granted = 0;
  };
  const Fields red = {{"x-woad-color", "red"}, {"x-woad-tenant", "acme"}, {"x-user-id", "u"}};
  const Fields blue = {{"x-woad-color", "blue"}, {"x-woad-tenant", "acme"}, {"x-user-id", "u"}};
  const Fields red_baggage = {{"baggage", "woad.color=red,woad.tenant=acme"}};
  const Fields blue_baggage = {{"baggage", "woad.color=blue"}};
  const Case cases[] = {
      {"mesh identity: everything", kMesh, blue, "blue", "acme", "u"},
      {"ci identity: its colour, nothing else", kCi, red, "red", "", "(none)"},
      {"ci identity: another colour", kCi, blue, "", "", "(none)", 1},
      {"ci identity: its colour in baggage", kCi, red_baggage, "red", "", "(none)"},
      {"ci identity: another in baggage", kCi, blue_baggage, "", "", "(none)"},
      {"both: colours are limited, the rest passes", kBoth, blue, "", "acme", "u", 1},
      {"a stranger", "spiffe://example.org/ns/other/sa/x", red, "", "", "(none)"},
      {"another trust domain", "spiffe://example.com/ns/shop/sa/cart", red, "", "", "(none)"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const Admitted result(each.fields, Direction::kInbound, each.principal);
    CHECK_FALSE(result.refused);
    CHECK(result.info.color == each.color);
    CHECK(result.info.tenant == each.tenant);
    CHECK(result.request.field("x-user-id") == each.user);
    CHECK(stripped(result.metrics, "not_granted") == each.not_granted);
    if (each.color.empty()) CHECK(result.request.field("x-woad-color") == "(none)");
    if (each.principal == kCi) CHECK(result.request.field("baggage") == "(none)");
  }
}

TEST_CASE("admission: a probe may say nothing, even where plaintext is trusted") {
  for (const bool probe : {false, true}) {
    CAPTURE(probe);
    ContextSystem system = test::make_context_system();
    system.rules.trust.set_plaintext(true);
    TestRequest request("GET", "/healthz", "price",
                        {{"x-woad-color", "red"},
                         {"x-woad-tenant", "acme"},
                         {"x-env", "red"},
                         {"x-user-id", "u1"},
                         {"baggage", "woad.color=red,other=1"},
                         {"tracestate", "woad=c:red,other=1"}});
    ExchangeInfo info;
    info.direction = Direction::kInbound;
    info.probe = probe;
    WorkerMetrics metrics;
    CHECK_FALSE(admit_context(request.head, system.rules, info, metrics));
    CHECK(info.color == (probe ? "" : "red"));
    CHECK(info.tenant == (probe ? "" : "acme"));
    for (const std::string_view name : {"x-woad-color", "x-woad-tenant", "x-env", "x-user-id"}) {
      CHECK((request.field(name) == "(none)") == probe);
    }
    CHECK(request.field("baggage") == (probe ? "other=1" : "woad.color=red,other=1"));
    CHECK(request.field("tracestate") == (probe ? "other=1" : "woad=c:red,other=1"));
  }
}

TEST_CASE("admission: context never travels in trailers") {
  TestRequest request("GET", "/", "price",
                      {{"X-Woad-Color", "red"},
                       {"x-env", "red"},
                       {"x-user-id", "u"},
                       {"x-woad-hops", "9"},
                       {"grpc-status", "0"}});
  admit_trailers(request.head.headers, test::make_context_system().rules);
  CHECK(request.head.headers.size() == 1);
  CHECK(request.field("grpc-status") == "0");
}

}  // namespace
