#include "proxy/snapshot/compile.h"

#include <doctest/doctest.h>

#include "tests/exchange/script_filter.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr std::string_view kHead = "node: { service: cart, instance: cart-1 }\n";

const std::vector<FilterKind>& kinds() {
  static const std::vector<FilterKind> all{
      script_kind("authorization", FilterPlace::kInbound), script_kind("trace", FilterPlace::kBoth),
      script_kind("timeout", FilterPlace::kBoth), script_kind("retry", FilterPlace::kOutbound)};
  return all;
}

struct Compiled {
  explicit Compiled(std::string_view text, const Resolutions& resolutions = {},
                    const Snapshot* previous = nullptr)
      : loaded(config::load_text(std::string(kHead) + std::string(text), "test.yaml",
                                 config::Environment::none())) {
    REQUIRE_MESSAGE(loaded.config != nullptr, loaded.diagnostics.text());
    snapshot = compile(*loaded.config, kinds(), resolutions, {}, previous, 1, loaded.diagnostics);
  }
  void good() const { REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text()); }

  config::LoadResult loaded;
  std::shared_ptr<Snapshot> snapshot;
};

std::string names(const FilterChain& chain) {
  std::string text;
  for (size_t i = 0; i < chain.size(); ++i) {
    text += (i == 0 ? "" : " ") + std::string(chain.kind(i).name);
  }
  return text;
}

TEST_CASE("compile: a small file") {
  const Compiled compiled(R"(version: "7"
inbound: [ { address: 127.0.0.1:15006, app: 127.0.0.1:8080, mtls: off, app_protocol: http2 } ]
outbound: [ { address: 127.0.0.1:15001 } ]
services:
  price:
    hosts: [price, "*.price.shop"]
    endpoints:
      - { address: 127.0.0.1:9001 }
      - { address: 127.0.0.1:9002, labels: { color: red }, weight: 7 }
      - { address: 127.0.0.1:9003, labels: { color: red, tenant: acme } }
      - { address: 127.0.0.1:9004, weight: 0 }
    pools: { blue: { on_unhealthy: fallback } }
  cart: { endpoints: [] }
limits: { headers: { count: 50 }, buffer: 128KiB }
)");
  compiled.good();
  const Snapshot& snapshot = *compiled.snapshot;
  CHECK(snapshot.version == "7");
  CHECK(snapshot.node_service == "cart");
  CHECK(snapshot.instance == "cart-1");
  CHECK(snapshot.limits.header_count == 50);
  CHECK(snapshot.limits.buffer == 128 * 1024);
  REQUIRE(snapshot.listeners.size() == 2);
  const ListenerSpec& inbound = snapshot.listeners[0];
  CHECK(inbound.direction == Direction::kInbound);
  CHECK(inbound.name == "127.0.0.1:15006");
  REQUIRE(inbound.app != nullptr);
  CHECK(inbound.app->service.protocol == UpstreamProtocol::kHttp2);
  CHECK(inbound.app->service.channel->connect_timeout == Duration(milliseconds(300)));
  CHECK(snapshot.listeners[1].app == nullptr);

  REQUIRE(snapshot.services.size() == 2);
  const Service& price = snapshot.services[0]->service;
  struct Case {
    std::string_view color, tenant, endpoint;
    bool has_endpoints;
  };
  const Case cases[] = {{"", "", "127.0.0.1:9001", true},
                        {"red", "", "127.0.0.1:9002", true},
                        {"red", "acme", "127.0.0.1:9003", true},
                        {"blue", "", "", false}};
  for (const Case& each : cases) {
    const Pool* found = price.find_pool(each.color, each.tenant);
    REQUIRE(found != nullptr);
    const Pool& pool = *found;
    CHECK(pool.may_answer(MonoTime{}) == each.has_endpoints);
    if (each.has_endpoints) {
      REQUIRE(pool.endpoints.size() == 1);
      CHECK(pool.endpoints[0].name == each.endpoint);
      CHECK(pool.endpoints[0].address.to_string() == each.endpoint);
    }
  }
  CHECK(price.find_pool("blue", "")->on_unhealthy == OnUnhealthy::kFallback);
  CHECK(price.find_pool("green", "") == nullptr);
  CHECK(snapshot.hosts.find("price", 80) == snapshot.services[0].get());
  CHECK(snapshot.hosts.find("eu.price.shop", 80) == snapshot.services[0].get());
  CHECK(snapshot.hosts.find("cart", 80) == snapshot.services[1].get());
  CHECK(snapshot.hosts.find("other", 80) == nullptr);
  CHECK(snapshot.colors.contains("red"));
  CHECK(snapshot.colors.contains("blue"));
  CHECK_FALSE(snapshot.colors.contains("green"));
}

TEST_CASE("compile: one health an address, carried from snapshot to snapshot") {
  const std::string_view text = R"(services:
  price: { endpoints: [ { address: 127.0.0.1:9001 }, { address: 127.0.0.1:9002 } ] }
  stock: { endpoints: [ { address: 127.0.0.1:9001 } ] }
)";
  const Compiled first(text);
  const Compiled second(text, {}, first.snapshot.get());
  const auto health = [](const Compiled& of, size_t service, size_t endpoint) {
    return of.snapshot->services[service]->service.pools()[0].endpoints[endpoint].health;
  };
  CHECK(health(first, 0, 0) != nullptr);
  CHECK(health(first, 0, 0) == health(first, 1, 0));
  CHECK(health(first, 0, 0) != health(first, 0, 1));
  CHECK(health(second, 0, 0) == health(first, 0, 0));
  CHECK(health(second, 0, 1) == health(first, 0, 1));
  CHECK(health(Compiled(text), 0, 0) != health(first, 0, 0));
}

TEST_CASE("compile: chains") {
  struct Case {
    std::string_view text, inbound, outbound;
  };
  const Case cases[] = {
      {"", "authorization trace timeout", "trace timeout retry"},
      {"filters: { outbound: [timeout] }\n", "authorization trace timeout", "timeout"},
      {"filters: { inbound: [], outbound: [retry, { trace: { tag: x } }] }\n", "", "retry trace"},
  };
  for (const Case& each : cases) {
    const Compiled compiled(each.text);
    compiled.good();
    CHECK(names(compiled.snapshot->chain(Direction::kInbound)) == each.inbound);
    CHECK(names(compiled.snapshot->chain(Direction::kOutbound)) == each.outbound);
  }
}

TEST_CASE("compile: errors that only this layer finds") {
  struct Case {
    std::string_view text;
    std::vector<std::string_view> says;
  };
  const Case cases[] = {
      {"filters: { outbound: [tiemout] }\n",
       {":2:23: error: filters.outbound[0]: no filter is named \"tiemout\"",
        "did you mean \"timeout\"?"}},
      {"filters: { outbound: [quux] }\n", {"no filter is named \"quux\"\n"}},
      {"filters: { outbound: [authorization] }\n", {"no place in the outbound chain"}},
      {"filters: { inbound: [retry] }\n", {"no place in the inbound chain"}},
      {"filters: { outbound: [trace] }\n"
       "services: { a: { endpoints: [], filters: { timeout: { tag: x } } } }\n",
       {"services.a.filters.timeout", "not in the outbound chain", "add it to filters.outbound"}},
      {"services: { a: { endpoints: [], filters: { tiemout: { tag: x } } } }\n", {"tiemout"}},
      {"services: { a: { endpoints: [] } }\n"
       "routes: [ { match: { path: { regex: \"(\" } }, to: a } ]\n",
       {"routes[0].match.path.regex", "not a regular expression of RE2"}},
      {"services: { a: { endpoints: [] } }\n"
       "routes: [ { match: { headers: { x: { regex: \"[\" } }, query: { q: { regex: \"*\" } } }, "
       "to: a } ]\n",
       {"routes[0].match.headers.x.regex", "routes[0].match.query.q.regex"}},
  };
  for (const Case& each : cases) {
    const Compiled compiled(each.text);
    const std::string text = compiled.loaded.diagnostics.text();
    CAPTURE(text);
    CHECK_FALSE(compiled.loaded.diagnostics.ok());
    for (const std::string_view part : each.says) CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("compile: what the file's reader has told is not told again") {
  const Compiled compiled("filters: { outbound: [trace, trace] }\n");
  const std::string text = compiled.loaded.diagnostics.text();
  CHECK(text.find("filters.outbound[1]: \"trace\" is in this chain already") != std::string::npos);
  CHECK(text.find("error:") == text.rfind("error:"));
}

TEST_CASE("compile: the cascade chain < service < route, and state that survives a reload") {
  constexpr std::string_view kText =
      R"(filters: { outbound: [ { trace: { tag: chain } }, timeout ] }
services:
  plain: { endpoints: [] }
  own: { endpoints: [], filters: { trace: { tag: service } } }
routes:
  - { match: { path: { prefix: /p } }, to: plain, filters: { timeout: { tag: route } } }
  - { match: { path: { prefix: /o } }, to: own, filters: { timeout: { tag: route } } }
  - { match: { path: { prefix: /t } }, to: own, filters: { trace: { tag: route } } }
  - { match: { path: { prefix: /n } }, to: own }
)";
  const Compiled before(kText);
  before.good();
  const auto tags = [](const FilterSlots& slots) {
    std::string text;
    for (const FilterSlot& slot : slots) {
      text += static_cast<const Script*>(slot.state.get())->tag + " ";
    }
    return text;
  };
  const auto target = [](const Snapshot& snapshot, size_t route) -> const FilterSlots& {
    return std::get<std::vector<RouteTarget>>(snapshot.routes.routes()[route]->action)[0].filters;
  };
  const Snapshot& snapshot = *before.snapshot;
  CHECK(tags(snapshot.chain(Direction::kOutbound).slots()) == "chain  ");
  CHECK(snapshot.services[0]->filters.empty());
  CHECK(tags(snapshot.services[1]->filters) == "service  ");
  CHECK(tags(target(snapshot, 0)) == "chain route ");
  CHECK(tags(target(snapshot, 1)) == "service route ");
  CHECK(tags(target(snapshot, 2)) == "route  ");
  CHECK(tags(target(snapshot, 3)) == "service  ");
  // What is not overridden is the same object: one state for all places that share the settings.
  CHECK(target(snapshot, 1)[0].state == snapshot.services[1]->filters[0].state);

  std::string changed(kText);
  changed.replace(changed.find("tag: service"), 12, "tag: changed");
  const Compiled after(changed, {}, before.snapshot.get());
  after.good();
  CHECK(after.snapshot->chain(Direction::kOutbound).slots()[0].state ==
        snapshot.chain(Direction::kOutbound).slots()[0].state);
  CHECK(target(*after.snapshot, 0)[1].state == target(snapshot, 0)[1].state);
  CHECK(after.snapshot->services[1]->filters[0].state != snapshot.services[1]->filters[0].state);
  CHECK(tags(after.snapshot->services[1]->filters) == "changed  ");
}

TEST_CASE("compile: names of endpoints") {
  constexpr std::string_view kText = R"(services:
  a: { endpoints: [ { address: "b.test:80" }, { address: "c.test:81" }, { address: 127.0.0.1:82 } ] }
  d: { endpoints: [ { address: "b.test:83" }, { address: "e.test:84" } ] }
)";
  const Compiled none(kText);
  none.good();
  CHECK(names_to_resolve(*none.loaded.config) ==
        std::vector<std::string>{"b.test", "c.test", "e.test"});
  Resolutions resolutions;
  resolutions["b.test"].addresses = {*Address::from_host("10.0.0.1", 0),
                                     *Address::from_host("::1", 0)};
  resolutions["c.test"].error = "c.test: no such host";
  const Compiled some(kText, resolutions);
  some.good();
  std::string all;
  for (const auto& entry : some.snapshot->services) {
    for (const Endpoint& endpoint : entry->service.pools()[0].endpoints) {
      all +=
          endpoint.name + (endpoint.address.valid() ? "" : " (" + endpoint.unresolved + ")") + "\n";
    }
  }
  CHECK(all ==
        "10.0.0.1:80\n[::1]:80\nc.test:81 (c.test: no such host)\n127.0.0.1:82\n"
        "10.0.0.1:83\n[::1]:83\ne.test:84 (e.test: not resolved yet)\n");
}

}  // namespace
