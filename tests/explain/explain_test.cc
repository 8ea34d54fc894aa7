#include "proxy/explain/explain.h"

#include <nlohmann/json.hpp>

#include "tests/server/testing.h"

namespace woad {
namespace {

constexpr char kConfig[] = R"(
node: { service: cart }
outbound:
  - { address: 127.0.0.1:15001 }
context: { aliases: { color: [x-env] } }
services:
  price:
    hosts: [price, price.shop]
    endpoints:
      - { address: 127.0.0.1:9001 }
      - { address: 127.0.0.1:9002, labels: { color: red } }
      - { address: 127.0.0.1:9003, labels: { color: red, tenant: acme } }
  price2:
    endpoints: [ { address: 127.0.0.1:9010 } ]
  strict:
    fallback: none
    endpoints: [ { address: 127.0.0.1:9020 } ]
  named:
    endpoints: [ { address: "price-headless:80" } ]
  raw:
    protocol: tcp
    endpoints: [ { address: 127.0.0.1:9030 } ]
  empty: { endpoints: [] }
routes:
  - match: { hosts: [shop.example], path: { prefix: /price/ }, methods: [GET] }
    to: price
    rewrite: { path_prefix: / }
    mirror: { service: price2, percent: 1% }
  - match: { hosts: [shop.example], path: { prefix: /split } }
    to: [ { service: price, weight: 10 }, { service: price2, weight: 90 } ]
  - match: { path: { exact: /promo } }
    respond: { status: 503, body: off }
  - match: { hosts: [old.example] }
    redirect: { host: new.example }
  - match: { hosts: [shop.example] }
    to: price2
)";

struct Case {
  const char* url;
  std::vector<std::pair<std::string, std::string>> headers;
  const char* service;
  const char* pool;
  const char* reason;
  const char* route;
  const char* error;
};

TEST_CASE("where requests go") {
  const auto snapshot = snapshot_of(kConfig);
  const Case cases[] = {
      {"http://price/x", {}, "price", "base", "undyed", "", ""},
      {"http://PRICE.shop.:80/x", {}, "price", "base", "undyed", "", ""},
      {"https://price", {}, "price", "base", "undyed", "", ""},
      {"http://price?a=b", {}, "price", "base", "undyed", "", ""},
      {"http://price/x", {{"x-woad-color", "red"}}, "price", "red", "exact", "", ""},
      {"http://price/x", {{"X-Env", "RED"}}, "price", "red", "exact", "", ""},
      {"http://price/x", {{"x-woad-color", "red.alice"}}, "price", "red", "parent", "", ""},
      {"http://price/x", {{"x-woad-color", "blue"}}, "price", "base", "base_absent", "", ""},
      {"http://price/x", {{"x-woad-color", "base"}}, "price", "base", "undyed", "", ""},
      {"http://price/x", {{"x-woad-color", "not valid"}}, "price", "base", "undyed", "", ""},
      {"http://price/x",
       {{"x-woad-color", "red"}, {"x-woad-tenant", "acme"}},
       "price",
       "red@acme",
       "exact",
       "",
       ""},
      {"http://127.0.0.1:15001/", {{"Host", "price"}}, "price", "base", "undyed", "", ""},
      {"http://price/x",
       {{"x-woad-color", "red"}, {"x-env", "blue"}},
       "",
       "",
       "",
       "",
       "bad_request"},
      {"http://price/x", {{"x-woad-hops", "16"}}, "", "", "", "", "loop"},
      {"http://nobody/", {}, "", "", "", "", "no_route"},
      {"http://raw/", {}, "raw", "", "", "", "no_route"},
      {"http://strict/",
       {{"x-woad-color", "red"}},
       "strict",
       "",
       "failed_absent",
       "",
       "no_endpoint"},
      {"http://shop.example/price/x", {}, "price", "base", "undyed", "routes[0]", ""},
      {"http://shop.example/split", {}, "price2", "base", "undyed", "routes[1]", ""},
      {"http://shop.example/other", {}, "price2", "base", "undyed", "routes[4]", ""},
      {"http://any/promo", {}, "", "", "", "routes[2]", ""},
      {"http://old.example/a", {}, "", "", "", "routes[3]", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    const auto got = explain(*snapshot, {"GET", c.url, c.headers, false});
    REQUIRE(got);
    CAPTURE(to_text(*got));
    CHECK(got->service == c.service);
    CHECK(got->pool == c.pool);
    CHECK(got->reason == c.reason);
    CHECK(got->route == c.route);
    CHECK(got->error == c.error);
    CHECK(got->refused() == (c.error[0] != '\0'));
    CHECK_FALSE(got->steps.empty());
  }
}

TEST_CASE("a service without anybody") {
  const auto got = explain(*snapshot_of(kConfig), {.url = "http://empty/", .headers = {}});
  REQUIRE(got);
  CHECK(got->error == "no_endpoint");
  CHECK(got->status == 503);
  CHECK(got->service == "empty");
}

TEST_CASE("what is no request") {
  const auto snapshot = snapshot_of(kConfig);
  const ExplainRequest cases[] = {
      {.url = "price", .headers = {}},
      {.url = "", .headers = {}},
      {.url = "ftp://price/", .headers = {}},
      {.url = "http:///x", .headers = {}},
      {.url = "http://user@price/", .headers = {}},
      {.method = "G T", .url = "http://price/", .headers = {}},
      {.url = "http://price/", .headers = {{"bad name", "x"}}},
      {.url = "http://price/", .headers = {{"x", "a\r\nb"}}},
  };
  for (const auto& request : cases) {
    CAPTURE(request.url);
    CHECK_FALSE(explain(*snapshot, request));
  }
}

TEST_CASE("the chain of pools and each one's verdict") {
  const auto got = explain(*snapshot_of(kConfig),
                           {.url = "http://price/", .headers = {{"x-woad-color", "red.alice"}}});
  REQUIRE(got);
  REQUIRE(got->chain.size() >= 2);
  CHECK(got->chain.front().pool == "red.alice");
  CHECK(got->chain.front().verdict == "absent");
  CHECK(got->chain.back().pool == "red");
  CHECK(got->chain.back().verdict == "chosen");
  REQUIRE(got->endpoints.size() == 1);
  CHECK(got->endpoints[0].address == "127.0.0.1:9002");
}

TEST_CASE("every rule before the one that matched says why it did not") {
  const auto snapshot = snapshot_of(kConfig);
  const auto has = [](const Explanation& got, const char* part) {
    for (const std::string& step : got.steps) {
      if (step.find(part) != std::string::npos) return true;
    }
    return false;
  };
  const auto posted =
      explain(*snapshot, {.method = "POST", .url = "http://shop.example/price/x", .headers = {}});
  REQUIRE(posted);
  CHECK(posted->route == "routes[4]");
  CHECK(has(*posted, "routes[0]: no: method \"POST\" is not GET"));
  CHECK(has(*posted, "routes[1]: no: path"));
  CHECK(has(*posted, "routes[3]: no: host"));
  CHECK(has(*posted, "routes[4]: matches"));

  const auto first = explain(*snapshot, {.url = "http://shop.example/price/x", .headers = {}});
  REQUIRE(first);
  CHECK(has(*first, "routes[4]: would match too, but routes[0] comes first"));
  CHECK(has(*first, "the path becomes \"/x\""));
  CHECK(has(*first, "1% of such requests are copied to price2"));

  const auto split = explain(*snapshot, {.url = "http://shop.example/split", .headers = {}});
  REQUIRE(split);
  CHECK(has(*split, "service price with weight 10 of 100"));
  CHECK(has(*split, "service price2 with weight 90 of 100 (followed here)"));
}

TEST_CASE("answers of routes are no refusals") {
  const auto snapshot = snapshot_of(kConfig);
  const auto promo = explain(*snapshot, {.url = "http://any/promo", .headers = {}});
  REQUIRE(promo);
  REQUIRE(promo->answer);
  CHECK(promo->answer->status == 503);
  CHECK(promo->answer->body == "off");
  const auto moved = explain(*snapshot, {.url = "http://old.example/a?b=c", .headers = {}});
  REQUIRE(moved);
  REQUIRE(moved->answer);
  CHECK(moved->answer->location == "http://new.example/a?b=c");
}

TEST_CASE("names without addresses: an error where they were looked up, not on the command line") {
  ExplainRequest request{.url = "http://named/", .headers = {}};
  auto got = explain(*snapshot_of(kConfig), request);
  REQUIRE(got);
  CHECK(got->error == "connect_failed");
  request.offline = true;
  got = explain(*snapshot_of(kConfig), request);
  REQUIRE(got);
  CHECK_FALSE(got->refused());
  CHECK_FALSE(got->endpoints[0].unresolved.empty());
}

TEST_CASE("without color_routing all goes to base") {
  std::string text = kConfig;
  text += "filters: { outbound: [timeout] }\n";
  const auto got =
      explain(*snapshot_of(text), {.url = "http://price/", .headers = {{"x-woad-color", "red"}}});
  REQUIRE(got);
  CHECK(got->pool == "base");
}

TEST_CASE("JSON has null where there is nothing") {
  const auto snapshot = snapshot_of(kConfig);
  const auto good = explain(*snapshot, {.url = "http://price/", .headers = {}});
  REQUIRE(good);
  auto json = nlohmann::json::parse(to_json(*good));
  for (const char* key : {"service", "pool", "reason", "chain", "steps"}) {
    CHECK_FALSE(json[key].is_null());
  }
  for (const char* key : {"route", "error", "status", "why", "answer", "tenant"}) {
    CHECK(json[key].is_null());
  }
  const auto bad = explain(*snapshot, {.url = "http://nobody/", .headers = {}});
  REQUIRE(bad);
  json = nlohmann::json::parse(to_json(*bad));
  CHECK(json["error"] == "no_route");
  CHECK(json["status"] == 404);
  CHECK(json["service"].is_null());
  CHECK(json["pool"].is_null());
  CHECK(to_text(*bad).find("=> refused: 404 no_route") != std::string::npos);
}

}  // namespace
}  // namespace woad
