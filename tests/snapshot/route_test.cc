#include "proxy/snapshot/route.h"

#include <doctest/doctest.h>

#include "tests/support/request_head.h"

using namespace woad;
using test::TestRequest;

namespace {

ServiceEntry entry(const char* name) { return ServiceEntry(std::make_shared<Service>(name)); }

std::string random_path(Random& random, bool trailing) {
  constexpr const char* kSegments[] = {"a", "b", "ab", "c"};
  std::string path;
  for (uint64_t left = random.below(4); left > 0; --left) {
    path += std::string("/") + kSegments[random.below(4)];
  }
  if (path.empty() || (trailing && random.below(3) == 0)) path += "/";
  return path;
}

Route random_route(Random& random) {
  Route route;
  switch (random.below(5)) {
    case 0: route.match.path = PathMatcher::exact(random_path(random, true)); break;
    case 1:
    case 2: route.match.path = PathMatcher::prefix(random_path(random, true)); break;
    case 3: route.match.path = *PathMatcher::regex("/a.*"); break;
    default: break;
  }
  if (random.below(3) == 0) route.match.methods = {random.below(2) == 0 ? "GET" : "POST"};
  if (random.below(3) == 0) route.match.hosts.emplace_back(random.below(2) == 0 ? "x" : "*.shop");
  if (random.below(4) == 0) route.match.color = random.below(2) == 0 ? "red" : "base";
  route.action = Respond{200, ""};
  return route;
}

TEST_CASE("routes: the first of the file that matches, as a walk over all would find") {
  Random random(4711);
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    RouteTable table;
    for (uint64_t left = random.below(12); left > 0; --left) table.add(random_route(random));
    for (int request = 0; request < 40; ++request) {
      constexpr std::string_view kHosts[] = {"x", "a.shop", "y"};
      const std::string path = random.below(20) == 0 ? "*" : random_path(random, true);
      const std::string query = random.below(3) == 0 ? "?a=/b/c" : "";
      TestRequest asked(random.below(2) == 0 ? "GET" : "POST", path + query);
      const MatchInput input{asked.head, kHosts[random.below(3)], random.below(2) == 0 ? "red" : "",
                             "", ""};
      const Route* expected = nullptr;
      for (const auto& route : table.routes()) {
        if (route->match.matches(input)) {
          expected = route.get();
          break;
        }
      }
      CAPTURE(path);
      REQUIRE(table.find(input) == expected);
      found += expected != nullptr ? 1 : 0;
    }
  }
  CHECK(found > 3000);
  CHECK(found < 300 * 40);
}

TEST_CASE("routes: targets by weight") {
  ServiceEntry services[3] = {entry("a"), entry("b"), entry("c")};
  Route route;
  std::vector<RouteTarget> targets;
  const uint64_t weights[] = {90, 9, 1};
  for (size_t i = 0; i < 3; ++i) {
    targets.push_back({&services[i], weights[i], {}});
    route.total_weight += weights[i];
  }
  route.action = std::move(targets);
  Random random(3);
  int counts[3] = {};
  for (int i = 0; i < 100'000; ++i) ++counts[route.pick(random)->service - services];
  CHECK(counts[0] == doctest::Approx(90'000).epsilon(0.01));
  CHECK(counts[1] == doctest::Approx(9'000).epsilon(0.05));
  CHECK(counts[2] == doctest::Approx(1'000).epsilon(0.2));
  Route answer;
  answer.action = Respond{204, ""};
  CHECK(answer.pick(random) == nullptr);
}

TEST_CASE("hosts: exact before the longest wildcard before any") {
  ServiceEntry price = entry("price");
  ServiceEntry shop = entry("shop");
  ServiceEntry inner = entry("inner");
  ServiceEntry rest = entry("rest");
  HostTable table;
  const auto name = [&](std::string_view host) {
    const ServiceEntry* found = table.find(host, 0);
    return found == nullptr ? std::string("-") : std::string(found->service.name());
  };
  CHECK(name("price") == "-");
  table.add("price", {}, price);
  table.add("Price.Shop.", {}, price);
  table.add("*.shop", {}, shop);
  table.add("*.in.shop", {}, inner);
  table.add("[::1]", {}, price);
  CHECK(name("other") == "-");
  table.add("*", {}, rest);
  struct Case {
    std::string_view host, service;
  };
  const Case cases[] = {{"price", "price"},
                        {"price.shop", "price"},
                        {"cart.shop", "shop"},
                        {"a.b.shop", "shop"},
                        {"in.shop", "shop"},
                        {"x.in.shop", "inner"},
                        {"y.x.in.shop", "inner"},
                        {"shop", "rest"},
                        {".shop", "rest"},
                        {"[::1]", "price"},
                        {"", "rest"},
                        {"pric", "rest"}};
  for (const Case& each : cases) {
    CAPTURE(each.host);
    CHECK(name(each.host) == each.service);
  }
}

TEST_CASE("hosts: several services share one by its ports, one may have the rest") {
  ServiceEntry price = entry("price");
  ServiceEntry metrics = entry("metrics");
  ServiceEntry grpc = entry("grpc");
  ServiceEntry below = entry("below");
  HostTable table;
  table.add("price", {}, price);
  CHECK_FALSE(table.knows_ports());
  table.add("price", {9090, 9091}, metrics);
  table.add("stock.shop", {50051}, grpc);
  table.add("*.shop", {80}, below);
  CHECK(table.knows_ports());
  const auto name = [&](std::string_view host, uint16_t port) {
    const ServiceEntry* found = table.find(host, port);
    return found == nullptr ? std::string("-") : std::string(found->service.name());
  };
  struct Case {
    std::string_view host;
    uint16_t port;
    std::string_view service;
  };
  const Case cases[] = {
      {"price", 80, "price"},        {"price", 9090, "metrics"},
      {"price", 9091, "metrics"},    {"price", 9092, "price"},
      {"stock.shop", 50051, "grpc"}, {"stock.shop", 80, "below"},  // nobody nearer claims it
      {"stock.shop", 81, "-"},       {"cart.shop", 80, "below"},
      {"cart.shop", 50051, "-"},     {"other", 9090, "-"}};
  for (const Case& each : cases) {
    CAPTURE(each.host);
    CAPTURE(each.port);
    CHECK(name(each.host, each.port) == each.service);
  }
}

}  // namespace
