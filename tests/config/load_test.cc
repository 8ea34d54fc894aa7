#include "config/load.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

using namespace woad;
using namespace woad::config;

namespace {

LoadResult load(const std::string& text) { return load_text(text, "f.yaml", Environment::none()); }

const char kMinimal[] =
    "node: { service: cart }\n"
    "inbound:\n  - { address: 127.0.0.1:15006, app: 127.0.0.1:8080, mtls: off }\n"
    "outbound:\n  - { address: 127.0.0.1:15001 }\n"
    "services:\n  price:\n    endpoints:\n      - { address: 127.0.0.1:9001 }\n"
    "      - { address: 127.0.0.1:9002, labels: { color: red } }\n";

}  // namespace

TEST_CASE("the smallest file has the contract's defaults") {
  const auto result = load(kMinimal);
  REQUIRE(result.ok());
  const Config& c = *result.config;
  CHECK(c.node.service == "cart");
  CHECK(c.node.instance == "localhost");
  CHECK(c.workers == 1);
  CHECK(c.log.level == LogLevel::kInfo);
  CHECK(c.log.format == LogFormat::kJson);
  CHECK(c.admin.address->to_string() == "127.0.0.1:15000");
  CHECK_FALSE(c.admin.probes);
  REQUIRE(c.inbound.size() == 1);
  CHECK(c.inbound[0].mtls == Mtls::kOff);
  CHECK(c.inbound[0].protocol == Protocol::kAuto);
  CHECK(c.inbound[0].app_protocol == AppProtocol::kAuto);
  CHECK(!c.outbound.at(0).unmatched);
  CHECK(c.context.headers.color == "x-woad-color");
  CHECK(c.context.headers.tenant == "x-woad-tenant");
  CHECK(c.limits.headers.bytes == kib(64));
  CHECK(c.limits.headers.count == 200);
  CHECK(c.limits.headers.target == kib(16));
  CHECK(c.limits.client_connections == 10000);
  CHECK(c.limits.buffer == kib(64));
  CHECK(c.limits.http2.concurrent_streams == 256);
  CHECK(c.limits.http2.resets_per_second == 100);
  CHECK(c.limits.idle_timeout == minutes(5));
  CHECK(c.limits.header_timeout == seconds(10));
  CHECK(c.drain.delay == seconds(5));
  CHECK(c.drain.timeout == seconds(25));
  CHECK_FALSE(c.filters.inbound);
  CHECK_FALSE(c.filters.outbound);
  REQUIRE(c.services.size() == 1);
  const Service& price = *c.services[0];
  CHECK(price.name == "price");
  REQUIRE(price.hosts.size() == 1);
  CHECK(*price.hosts[0] == "price");
  CHECK(price.fallback == Fallback::kParentThenBase);
  CHECK(price.load_balancing.policy == BalancerPolicy::kLeastRequest);
  REQUIRE(price.endpoints.size() == 2);
  CHECK(price.endpoints[0].weight == 100);
  CHECK(label(price.endpoints[0].labels, "color").empty());
  CHECK(label(price.endpoints[1].labels, "color") == "red");
  CHECK(c.source_text() == kMinimal);
}

TEST_CASE("the hash is that of the bytes") {
  const auto a = load(kMinimal);
  CHECK(a.config->hash.size() == 32);
  CHECK(a.config->hash == load(kMinimal).config->hash);
  CHECK(a.config->hash != load(std::string(kMinimal) + "\n").config->hash);
}

TEST_CASE("routes, matchers, pools and filters") {
  const auto result = load(R"(
node: { service: cart }
services:
  price:
    hosts: [Price.Shop., "*.Shop.", "*"]
    pools: { red: {}, base: {}, red@acme: { on_unhealthy: panic }, base@acme: {} }
    filters: { timeout: { request: 2s }, fault: }
routes:
  - match:
      hosts: [A.b]
      path: { prefix: /p/ }
      methods: [GET]
      headers: { X-Beta: { suffix: ["1", "2"] }, x-c: { present: false } }
      query: { Q: { regex: "a+" }, r: { suffix: z } }
      color: base
      tenant: acme
    to: [{ service: price, weight: 3 }, { service: price }]
    rewrite: { path_prefix: / }
    mirror: { service: price, percent: 1% }
  - { respond: { status: 503, body: "off" } }
  - { redirect: { host: "a:80" } }
filters:
  inbound: []
  outbound: [timeout, fault: { only_dyed: false }, headers: ]
)");
  INFO(result.diagnostics.text());
  REQUIRE(result.ok());
  const Service& price = *result.config->services[0];
  CHECK(*price.hosts[0] == "price.shop");
  CHECK(*price.hosts[1] == "*.shop");
  REQUIRE(price.pools.size() == 4);
  CHECK(price.pools[0].on_unhealthy == OnUnhealthy::kFail);
  CHECK(price.pools[1].on_unhealthy == OnUnhealthy::kPanic);
  CHECK(price.pools[1].color.empty());
  CHECK(price.pools[2].color == "red");
  CHECK(price.pools[2].tenant == "acme");
  CHECK(price.pools[2].on_unhealthy == OnUnhealthy::kPanic);
  CHECK(price.pools[3].on_unhealthy == OnUnhealthy::kPanic);
  REQUIRE(price.filters.size() == 2);
  CHECK(price.filters[0].settings.is_map());
  CHECK(price.filters[1].settings.is_null());

  const Route& route = result.config->routes[0];
  CHECK(*route.match.hosts[0] == "a.b");
  CHECK(route.match.path->kind == PathMatch::Kind::kPrefix);
  CHECK(route.match.headers[0].first == "x-beta");
  CHECK(route.match.headers[0].second.tails == std::vector<std::string>{"1", "2"});
  CHECK_FALSE(route.match.headers[1].second.present);
  CHECK(route.match.query[0].first == "Q");
  CHECK(route.match.query[0].second.source.path() == "routes[0].match.query.Q.regex");
  CHECK(route.match.query[1].second.tails == std::vector<std::string>{"z"});
  CHECK(**route.match.color == "base");
  CHECK(route.to[0].weight == 3);
  CHECK(route.to[1].weight == 100);
  CHECK(*route.rewrite->path_prefix == "/");
  CHECK(route.mirror->percent.value == doctest::Approx(0.01));
  CHECK(result.config->routes[1].respond->body == "off");
  CHECK(result.config->routes[2].redirect->status == 308);

  CHECK(result.config->filters.inbound->empty());
  const auto& chain = *result.config->filters.outbound;
  REQUIRE(chain.size() == 3);
  CHECK(chain[0].name == "timeout");
  CHECK_FALSE(chain[0].settings);
  CHECK(chain[1].settings.find("only_dyed").text() == "false");
  CHECK(chain[2].settings.is_null());
}

TEST_CASE("with errors the config is still there for the next layer") {
  const auto result = load("node: {}\n");
  CHECK(result.config);
  CHECK_FALSE(result.ok());
  CHECK_FALSE(load("[").config);
}

TEST_CASE("files that cannot be read") {
  const auto missing = load_file("/nonexistent/woad.yaml", Environment::none());
  CHECK(missing.diagnostics.text() ==
        "/nonexistent/woad.yaml: error: cannot read the file: No such file or directory\n");
  CHECK(load_file("/", Environment::none()).diagnostics.text() ==
        "/: error: cannot read the file: is a directory\n");
  // A device without end is read up to the limit and no further.
  CHECK(load_file("/dev/zero", Environment::none())
            .diagnostics.text()
            .starts_with("/dev/zero:1:1: error: the file is larger than 64 MiB"));
  CHECK_FALSE(load_file("/dev/null", Environment::none()).ok());
}

TEST_CASE("twenty thousand routes") {
  std::string text = "node: {service: a}\nservices: {price: {}}\nroutes:\n";
  for (int i = 0; i < 20000; ++i) {
    text += "  - { match: { path: { prefix: /p" + std::to_string(i) + " } }, to: price }\n";
  }
  const auto result = load(text);
  REQUIRE(result.ok());
  CHECK(result.config->routes.size() == 20000);
}
