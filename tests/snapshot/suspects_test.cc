// Who stays in use although a set of endpoints lost him with most of the others.
#include "proxy/snapshot/suspects.h"

#include <doctest/doctest.h>

#include "proxy/snapshot/compile.h"
#include "tests/exchange/script_filter.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr MonoTime kStart{seconds(1000)};

const std::vector<FilterKind>& kinds() {
  static const std::vector<FilterKind> all{script_kind("trace", FilterPlace::kBoth)};
  return all;
}

// The snapshots of a process, one after the other, at the times of `now`.
struct World {
  void load(const std::string& services, const std::vector<int>& of_name = {}) {
    auto loaded = config::load_text(
        "node: { service: cart }\nfilters: { outbound: [ trace ] }\nservices:\n" + services, "f",
        config::Environment::none(), config.get());
    REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
    config = loaded.config;
    compile_anew(of_name);
  }
  void compile_anew(const std::vector<int>& of_name) {
    Resolutions resolutions;
    for (const int last : of_name) {
      resolutions["price.test"].addresses.push_back(
          *Address::from_host("10.0.0." + std::to_string(last), 0));
    }
    config::Diagnostics diagnostics("f");
    snapshot = compile(*config, kinds(), resolutions, {}, snapshot.get(), 1, diagnostics, now);
    REQUIRE_MESSAGE(diagnostics.ok(), diagnostics.text());
  }

  const Service& service() const { return snapshot->services[0]->service; }
  // The last numbers of the addresses, suspects with a '?': "1 2? 3?".
  std::string shown(std::string_view color = "") const {
    const Pool* pool = service().find_pool(color, "");
    if (pool == nullptr) return "absent";
    std::string all;
    for (const Endpoint& endpoint : pool->endpoints) {
      const std::string host = endpoint.address.host();
      all += (all.empty() ? "" : " ") + host.substr(host.rfind('.') + 1);
      if (endpoint.suspect_until) all += "?";
    }
    return all;
  }
  const Endpoint& endpoint(size_t index) const { return service().pools()[0].endpoints[index]; }

  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const Snapshot> snapshot;
  MonoTime now = kStart;
};

const std::string kNamed = "  price: { endpoints: [ { address: \"price.test:80\" } ] }\n";

// A service with the addresses 10.0.0.from to 10.0.0.to.
std::string written(int from, int to, const std::string& more = "") {
  std::string text = "  price:\n    endpoints:\n";
  for (int last = from; last <= to; ++last) {
    text += "      - { address: \"10.0.0." + std::to_string(last) + ":80\" }\n";
  }
  return text + more;
}
std::string red(int from, int to) {
  std::string text;
  for (int last = from; last <= to; ++last) {
    text +=
        "      - { address: \"10.0.0." + std::to_string(last) + ":80\", labels: { color: red } }\n";
  }
  return text;
}

TEST_CASE("suspects: addresses of a name") {
  struct Case {
    std::vector<int> before, after;
    std::string_view shown;
  };
  const Case cases[] = {
      {{1, 2, 3}, {1}, "1 2? 3?"},
      {{1, 2, 3}, {4}, "4 1? 2? 3?"},
      {{1, 2, 3}, {1, 2}, "1 2"},
      {{1, 2}, {1}, "1"},  // a half, and not more
      {{1, 2}, {3}, "3"},
      {{1, 2, 3, 4}, {1, 2}, "1 2"},
      {{1, 2, 3, 4, 5}, {1, 2}, "1 2 3? 4? 5?"},
      {{1, 2, 3, 4, 5}, {6, 7, 8}, "6 7 8"},  // another set, not a smaller one
  };
  for (const Case& each : cases) {
    CAPTURE(each.shown);
    World world;
    world.load(kNamed, each.before);
    world.compile_anew(each.after);
    CHECK(world.shown() == each.shown);
    const Pool& pool = world.service().pools()[0];
    CHECK(pool.addresses_of(pool.endpoints[0]).size() ==
          (each.after.size() == 1 && pool.endpoints.size() == 1 ? 1 : pool.endpoints.size()));
  }
}

TEST_CASE("suspects: each goes when it fails, when its time is over, or when it is there again") {
  World world;
  world.load(kNamed, {1, 2, 3, 4, 5});
  world.compile_anew({1});
  CHECK(world.shown() == "1 2? 3? 4? 5?");
  for (size_t i = 0; i < 5; ++i) CHECK(world.endpoint(i).may_answer(world.now));

  const auto same = world.snapshot->services[0];
  world.compile_anew({1});
  CHECK(world.snapshot->services[0] == same);

  world.endpoint(1).health->unreachable(world.now);
  CHECK_FALSE(world.endpoint(1).may_answer(world.now));
  (void)world.endpoint(2).health->ejection.failed(5);
  CHECK_FALSE(world.endpoint(2).may_answer(world.now));
  world.compile_anew({1});
  CHECK(world.shown() == "1 4? 5?");

  world.now += seconds(60);
  world.compile_anew({1, 4});
  CHECK(world.shown() == "1 4 5?");
  world.now += seconds(31);
  CHECK_FALSE(world.endpoint(2).may_answer(world.now));
  CHECK(world.endpoint(1).may_answer(world.now));
  world.compile_anew({1, 4});
  CHECK(world.shown() == "1 4");
}

TEST_CASE("suspects: who does not answer when the set shrinks is none") {
  World world;
  world.load(kNamed, {1, 2, 3});
  world.endpoint(1).health->unreachable(world.now);
  world.compile_anew({1});
  CHECK(world.shown() == "1 3?");
}

TEST_CASE("suspects: written addresses, where they are many") {
  struct Case {
    std::string before, after;
    std::string_view shown;
  };
  const std::string none = "  price: { endpoints: [] }\n";
  const Case cases[] = {
      {written(1, 3), written(1, 1), "1"},
      {written(1, 9), written(1, 1), "1"},
      {written(1, 3), none, "absent"},
      {written(1, 10), written(1, 5), "1 2 3 4 5"},
      {written(1, 10), written(1, 4), "1 2 3 4 5? 6? 7? 8? 9? 10?"},
      {written(1, 10), none, "1? 2? 3? 4? 5? 6? 7? 8? 9? 10?"},
      {written(1, 10), "  other: { endpoints: [] }\n", "absent"},
      {written(1, 10, red(11, 20)), written(1, 10), "1 2 3 4 5 6 7 8 9 10"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.after);
    World world;
    world.load(each.before);
    world.load(each.after);
    CHECK(world.shown() == each.shown);
    CHECK(world.shown("red") == "absent");
  }
}

TEST_CASE("suspects: who got another colour is no suspect of the old one") {
  World world;
  world.load(written(1, 10));
  world.load(written(1, 2, red(3, 9)));
  CHECK(world.shown() == "1 2 10?");
  CHECK(world.shown("red") == "3 4 5 6 7 8 9");
}

}  // namespace
