#include "proxy/server/destinations.h"

#include <doctest/doctest.h>

#include <vector>

using namespace woad;

namespace {

Address at(size_t number) {
  const std::string host =
      "10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
  return *Address::from_host(host, 80);
}

DestinationModels passthrough() {
  return {.anywhere = DestinationModel{.service = "passthrough",
                                       .protocol = UpstreamProtocol::kAsCame,
                                       .external = true,
                                       .channel = std::make_shared<const Channel>()}};
}

TEST_CASE("destinations: one service an address, outside the mesh and listed nowhere") {
  Destinations destinations;
  HealthTable health;
  const DestinationModels models = passthrough();
  const auto first = destinations.at(models, at(1), health);
  CHECK(destinations.at(models, at(1), health) == first);
  CHECK(destinations.at(models, at(2), health) != first);
  const Service& service = first->service;
  CHECK(service.external);
  CHECK(!service.listed);
  REQUIRE(service.pools().size() == 1);
  REQUIRE(service.pools()[0].endpoints.size() == 1);
  CHECK(service.pools()[0].endpoints[0].address == at(1));
  // Each has a breaker of its own.
  CHECK(service.pools()[0].health !=
        destinations.at(models, at(2), health)->service.pools()[0].health);
}

TEST_CASE("destinations: who was called longest ago goes first, who is used stays") {
  Destinations destinations;
  HealthTable health;
  const DestinationModels models = passthrough();
  const auto used = destinations.at(models, at(0), health);
  const std::weak_ptr<const ServiceEntry> oldest = destinations.at(models, at(1), health);
  for (size_t i = 2; i < Destinations::kMost + 1; ++i) destinations.at(models, at(i), health);
  CHECK(destinations.size() == Destinations::kMost);
  CHECK(oldest.expired());
  CHECK(destinations.at(models, at(0), health) == used);
}

TEST_CASE("destinations: more than are kept may be used at once") {
  Destinations destinations;
  HealthTable health;
  const DestinationModels models = passthrough();
  std::vector<std::shared_ptr<const ServiceEntry>> used;
  for (size_t i = 0; i < Destinations::kMost + 10; ++i) {
    used.push_back(destinations.at(models, at(i), health));
  }
  CHECK(destinations.size() == used.size());
  used.clear();
  destinations.at(models, at(Destinations::kMost + 10), health);
  CHECK(destinations.size() == Destinations::kMost);
}

TEST_CASE("destinations: another model makes all of them anew") {
  Destinations destinations;
  HealthTable health;
  DestinationModels models = passthrough();
  const auto before = destinations.at(models, at(1), health);
  models.anywhere->hosts = {*Address::from_host("127.0.0.1", 0), *Address::from_host("::1", 0)};
  const auto after = destinations.at(models, at(1), health);
  CHECK(after != before);
  CHECK(destinations.size() == 1);
  const Pool& pool = after->service.pools()[0];
  REQUIRE(pool.endpoints.size() == 2);
  CHECK(pool.endpoints[0].name == "127.0.0.1:80");
  CHECK(pool.endpoints[1].name == "[::1]:80");
  CHECK(pool.addresses_of(pool.endpoints[0]).size() == 2);
}

TEST_CASE("destinations: this host's own addresses are those of the own pod") {
  const Address own = *Address::parse("127.0.0.1:80");
  struct Case {
    bool anywhere, own_pod;
    std::string_view at_own, at_other;  // "": nobody may go there
  };
  const Case cases[] = {{true, true, "cart", "passthrough"},
                        {true, false, "passthrough", "passthrough"},
                        {false, true, "cart", ""},
                        {false, false, "", ""}};
  for (const Case& one : cases) {
    CAPTURE(one.anywhere);
    CAPTURE(one.own_pod);
    DestinationModels models;
    if (one.anywhere) models = passthrough();
    if (one.own_pod) models.own_pod = passthrough().anywhere;
    if (one.own_pod) models.own_pod->service = "cart";
    Destinations destinations;
    HealthTable health;
    const auto name = [&](const Address& called) {
      const auto entry = destinations.at(models, called, health);
      return std::string(entry == nullptr ? "" : entry->service.name());
    };
    for (int again = 0; again < 2; ++again) {
      CHECK(name(own) == one.at_own);
      CHECK(name(at(1)) == one.at_other);
    }
    CHECK(destinations.size() == 2);
  }
}

}  // namespace
