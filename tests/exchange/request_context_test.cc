#include "proxy/exchange/request_context.h"

#include <doctest/doctest.h>

#include "tests/exchange/head.h"

using namespace woad;
using test::Fields;
using test::TestRequest;

namespace {

ContextNames make_names() {
  ContextNames names;
  names.color.emplace_back("x-woad-color");
  names.color.emplace_back("x-env");
  names.tenant.emplace_back("x-woad-tenant");
  return names;
}

TEST_CASE("context: what a request says of itself") {
  const std::string too_long(64, 'a');
  struct Case {
    std::string_view what;
    Fields fields;
    std::string_view color;
    std::string_view tenant;
    std::string_view color_field;
    std::string_view alias_field;
  };
  const Case cases[] = {
      {"nothing", {}, "", "", "(none)", "(none)"},
      {"canonical", {{"x-woad-color", "red"}}, "red", "", "red", "(none)"},
      {"any case", {{"X-Woad-Color", " RED "}}, "red", "", "red", "(none)"},
      {"alias", {{"x-env", "red"}}, "red", "", "red", "red"},
      {"both agree", {{"x-env", "Red"}, {"x-woad-color", "red"}}, "red", "", "red", "Red"},
      {"twice the same",
       {{"x-woad-color", "red"}, {"x-woad-color", "red"}},
       "red",
       "",
       "red",
       "(none)"},
      {"twice, other case",
       {{"x-woad-color", "RED"}, {"x-woad-color", "red"}},
       "red",
       "",
       "red",
       "(none)"},
      {"child", {{"x-woad-color", "red.alice"}}, "red.alice", "", "red.alice", "(none)"},
      {"invalid is removed", {{"x-woad-color", "r d"}}, "", "", "(none)", "(none)"},
      {"empty is removed", {{"x-woad-color", ""}}, "", "", "(none)", "(none)"},
      {"list is removed", {{"x-woad-color", "red, blue"}}, "", "", "(none)", "(none)"},
      {"too long is removed", {{"x-woad-color", too_long}}, "", "", "(none)", "(none)"},
      {"invalid loses to valid",
       {{"x-woad-color", "!"}, {"x-env", "red"}},
       "red",
       "",
       "red",
       "red"},
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
    TestRequest request("GET", "/", "price", each.fields);
    const ContextNames names = make_names();  // heads keep views of them
    ExchangeInfo info;
    CHECK_FALSE(read_request_context(request.head, names, info));
    CHECK(info.color == each.color);
    CHECK(info.tenant == each.tenant);
    CHECK((info.context_source == ContextSource::kHeader) ==
          !(each.color.empty() && each.tenant.empty()));
    CHECK(request.field("x-woad-color") == each.color_field);
    CHECK(request.field("x-env") == each.alias_field);
    if (!each.tenant.empty()) CHECK(request.field("x-woad-tenant") == each.tenant);
  }
}

TEST_CASE("context: contradictions are refused") {
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
    TestRequest request("GET", "/", "price", each.fields);
    const ContextNames names = make_names();  // heads keep views of them
    ExchangeInfo info;
    const auto reply = read_request_context(request.head, names, info);
    REQUIRE(reply);
    CHECK(reply->effective_status() == 400);
    CHECK(reply->code == ErrorCode::kBadRequest);
    CHECK(reply->details == each.details);
  }
}

}  // namespace
