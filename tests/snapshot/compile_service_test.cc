// Snapshots share what they compiled of a service until it, or what it depends on, changes.
#include "proxy/snapshot/compile_service.h"

#include <doctest/doctest.h>

#include <set>

#include "proxy/snapshot/compile.h"
#include "tests/exchange/script_filter.h"

using namespace woad;
using namespace woad::test;

namespace {

const std::vector<FilterKind>& kinds() {
  static const std::vector<FilterKind> all{script_kind("trace", FilterPlace::kBoth),
                                           script_kind("timeout", FilterPlace::kBoth)};
  return all;
}

constexpr MonoTime kNow{seconds(1000)};

// One version of the file; it goes on from another.
struct Version {
  explicit Version(const std::string& text, const Resolutions& resolutions = {},
                   const Version* previous = nullptr)
      : loaded(config::load_text(text, "f", config::Environment::none(),
                                 previous == nullptr ? nullptr : previous->loaded.config.get())) {
    REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
    snapshot = compile(*loaded.config, kinds(), resolutions, {},
                       previous == nullptr ? nullptr : previous->snapshot.get(), 1,
                       loaded.diagnostics, kNow);
    REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
  }

  config::LoadResult loaded;
  std::shared_ptr<Snapshot> snapshot;
};

const std::string kFile = R"(node: { service: cart }
filters: { outbound: [ { trace: { tag: chain } }, timeout ] }
services:
  first: { endpoints: [] }
  plain:
    endpoints: [ { address: 127.0.0.1:1, labels: { color: red } } ]
  named:
    endpoints: [ { address: b.test:80 } ]
  own:
    filters: { trace: { tag: service } }
  last: { endpoints: [] }
routes:
  - { match: { path: { prefix: /p } }, to: plain }
)";

Resolutions at(std::string_view address) {
  Resolutions resolutions;
  resolutions["b.test"].addresses = {*Address::from_host(address, 0)};
  return resolutions;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t place = text.find(what);
  REQUIRE(place != std::string::npos);
  return text.replace(place, what.size(), with);
}

// The services that both have as one object: "plain own".
std::string shared(const Version& a, const Version& b) {
  std::string names;
  for (const auto& entry : a.snapshot->services) {
    for (const auto& other : b.snapshot->services) {
      if (entry == other) names += (names.empty() ? "" : " ") + std::string(entry->service.name());
    }
  }
  return names;
}

TEST_CASE("compile: what a service shares with the snapshot before") {
  const Version before(kFile, at("10.0.0.1"));
  struct Case {
    std::string_view what, with;  // in the file
    std::string_view address;
    std::string_view shares;
  };
  const Case cases[] = {
      {"version", "", "10.0.0.1", "plain named own"},
      {"127.0.0.1:1", "127.0.0.1:2", "10.0.0.1", "named own"},
      {"b.test:80", "b.test:81", "10.0.0.1", "plain own"},
      {"version", "", "10.0.0.2", "plain own"},
      {"tag: chain", "tag: other", "10.0.0.1", "plain named"},
      {"}, timeout ]", "} ]", "10.0.0.1", "plain named"},
      {"tag: service", "tag: mine", "10.0.0.1", "plain named"},
      {"prefix: /p", "prefix: /q", "10.0.0.1", "plain named own"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.with);
    const std::string head = "version: x\n";
    const std::string text =
        each.what == "version" ? head + kFile : replaced(kFile, each.what, each.with);
    const Version after(text, at(each.address), &before);
    CHECK(shared(after, before) == each.shares);
    // The whole is what it would be without the one before.
    const Version alone(text, at(each.address));
    REQUIRE(after.snapshot->services.size() == alone.snapshot->services.size());
    for (size_t i = 0; i < alone.snapshot->services.size(); ++i) {
      const Service& a = after.snapshot->services[i]->service;
      const Service& b = alone.snapshot->services[i]->service;
      CHECK(a.name() == b.name());
      CHECK(after.snapshot->hosts.find(a.name(), 80) == after.snapshot->services[i].get());
      REQUIRE(a.pools().size() == b.pools().size());
      for (size_t pool = 0; pool < a.pools().size(); ++pool) {
        REQUIRE(a.pools()[pool].endpoints.size() == b.pools()[pool].endpoints.size());
        CHECK(a.pools()[pool].endpoints[0].name == b.pools()[pool].endpoints[0].name);
      }
    }
    CHECK(after.snapshot->colors.contains("red"));
    CHECK(after.snapshot->stateful_slots.size() == alone.snapshot->stateful_slots.size());
  }
}

TEST_CASE("compile: a kept service's filter goes on with its state, reload after reload") {
  const Version first(kFile);
  const Version second("version: x\n" + kFile, {}, &first);
  const Version third(replaced(kFile, "prefix: /p", "prefix: /q"), {}, &second);
  const auto state = [](const Version& version) {
    return version.snapshot->services[3]->filters[0].state;
  };
  CHECK(shared(third, first) == "plain named own");
  CHECK(third.snapshot->stateful_slots.contains("services.own/trace"));
  // A chain that changed compiles it anew, the state of the same settings stays.
  const Version fourth(replaced(kFile, "tag: chain", "tag: other"), {}, &third);
  CHECK(fourth.snapshot->services[3] != third.snapshot->services[3]);
  CHECK(state(fourth) == state(first));
}

TEST_CASE("compile: an address that a name had before") {
  const Version first(kFile, at("10.0.0.1"));
  const Version second("version: x\n" + kFile, at("10.0.0.2"), &first);
  const Version third(kFile, at("10.0.0.1"), &second);
  const auto name = [](const Version& version) {
    return version.snapshot->services[2]->service.pools()[0].endpoints[0].name;
  };
  CHECK(name(first) == "10.0.0.1:80");
  CHECK(name(second) == "10.0.0.2:80");
  CHECK(name(third) == "10.0.0.1:80");
  // The tables share the health of addresses that are there.
  CHECK(third.snapshot->health == first.snapshot->health);
}

const std::string kNear =
    R"(node: { service: cart, instance: cart-1, labels: { zone: z1, rack: r2 } }
services:
  first: {}
  zones:
    locality: { prefer: zone, spill_below: 60% }
    endpoints:
      - { address: 127.0.0.1:1, labels: { zone: z2, rack: r2 } }
      - { address: b.test:80, labels: { zone: z1 } }
      - { address: 127.0.0.1:3 }
      - { address: 127.0.0.1:4, labels: { zone: z1, color: red } }
      - { address: 127.0.0.1:5, labels: { zone: z2, color: red } }
  some:
    subset: { size: 2 }
    endpoints: [ { address: 127.0.0.1:1 }, { address: 127.0.0.1:2 }, { address: 127.0.0.1:3 } ]
  last: {}
)";

std::string names(const Version& version, size_t service, size_t pool = 0) {
  std::string names;
  for (const Endpoint& each :
       version.snapshot->services[service]->service.pools()[pool].endpoints) {
    names += (names.empty() ? "" : " ") + each.name;
  }
  return names;
}

TEST_CASE("compile: who is near goes by the node's label, in each pool") {
  const Version version(kNear, at("10.0.0.1"));
  const Service& service = version.snapshot->services[1]->service;
  CHECK(service.spill_below == 0.6);
  REQUIRE(service.pools().size() == 2);  // a zone makes none
  CHECK(names(version, 1) == "10.0.0.1:80 127.0.0.1:1 127.0.0.1:3");
  CHECK(service.pools()[0].near.count == 1);
  CHECK(names(version, 1, 1) == "127.0.0.1:4 127.0.0.1:5");
  CHECK(service.pools()[1].near.count == 1);
  const Version racks(replaced(kNear, "prefer: zone", "prefer: rack"), at("10.0.0.1"));
  CHECK(names(racks, 1) == "127.0.0.1:1 10.0.0.1:80 127.0.0.1:3");
  const Version unknown(replaced(kNear, "zone: z1", "zone: ''"), at("10.0.0.1"));
  CHECK(unknown.snapshot->services[1]->service.pools()[0].near.count == 3);
}

TEST_CASE("compile: who moves, or is another, has other endpoints") {
  const Version first(kNear, at("10.0.0.1"));
  const auto same = [&](const Version& version, size_t service) {
    return version.snapshot->services[service] == first.snapshot->services[service];
  };
  const Version again("version: x\n" + kNear, at("10.0.0.1"), &first);
  CHECK(same(again, 1));
  CHECK(same(again, 2));
  const Version moved(replaced(kNear, "zone: z1", "zone: z2"), at("10.0.0.1"), &first);
  CHECK(names(moved, 1) == "127.0.0.1:1 10.0.0.1:80 127.0.0.1:3");
  const Version renamed(replaced(kNear, "instance: cart-1", "instance: cart-3"), at("10.0.0.1"),
                        &first);
  CHECK(same(renamed, 1));
  CHECK_FALSE(same(renamed, 2));
  std::set<std::string> subsets;
  for (const std::string instance : {"cart-2", "cart-3", "cart-4", "cart-5", "cart-6", "cart-7"}) {
    subsets.insert(names(Version(replaced(kNear, "cart-1", instance), at("10.0.0.1")), 2));
  }
  CHECK(subsets.size() > 1);
}

TEST_CASE("compile: who joins a pool is noted, whoever else changes") {
  const Version first(kNear, at("10.0.0.1"));
  const auto joined = [](const Version& version, size_t service) {
    return version.snapshot->services[service]->service.pools()[0].last_join == kNow;
  };
  const std::string more = replaced(kNear, "  last: {}",
                                    "  new: { endpoints: [ { address: "
                                    "127.0.0.1:9 } ] }\n  last: {}");
  const Version second(replaced(more, "127.0.0.1:3 }\n", "127.0.0.1:6 }\n"), at("10.0.0.1"),
                       &first);
  CHECK_FALSE(joined(first, 1));
  CHECK(joined(second, 1));
  CHECK_FALSE(joined(second, 3));
  const Version third(kNear, at("10.0.0.2"), &first);
  CHECK(joined(third, 1));
}

TEST_CASE("compile: what a service is balanced by") {
  const Version version(R"(node: { service: cart }
services:
  plain: {}
  user: { load_balancing: { policy: ring_hash, key: { header: X-User-Id } } }
  session: { load_balancing: { policy: ring_hash, key: { cookie: s } } }
  source: { load_balancing: { policy: ring_hash, key: { source_ip: true } }, stateful: true }
)");
  const auto service = [&](size_t index) -> const Service& {
    return version.snapshot->services[index]->service;
  };
  CHECK(service(0).policy == BalancerPolicy::kLeastRequest);
  CHECK_FALSE(service(0).stateful);
  CHECK(service(1).policy == BalancerPolicy::kRingHash);
  REQUIRE(service(1).affinity.header);
  CHECK(service(1).affinity.header->text == "x-user-id");
  CHECK(service(2).affinity.cookie == "s");
  CHECK(service(3).affinity.source_ip);
  CHECK(service(3).stateful);
}

}  // namespace
