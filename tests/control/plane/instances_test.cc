#include <string>

#include "tests/control/plane/replica.h"

namespace woad::control {
namespace {

bool has(Replica& replica, const std::string& text) {
  return replica.poll("cart", "looks")->body().find(text) != std::string::npos;
}

TEST_CASE("who registers is in its callers' files at once, and many at once are one change") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const std::string have = replica.poll("cart", "c-1")->sha256();
  auto waits = replica.poll("cart", "c-1", have);
  replica.pass(seconds(1));
  const auto answer = replica.ask(
      {.method = "PUT", .path = "/v1/instances/price/p-1", .body = R"({"address":"10.0.0.1:80"})"});
  CHECK(answer->body() == "{\"lease\":\"90s\",\"heartbeat\":\"30s\"}\n");
  replica.pass(milliseconds(20));
  REQUIRE(waits->status() == 200);
  CHECK(waits->body().find("10.0.0.1:80") != std::string::npos);

  waits = replica.poll("cart", "c-1", waits->sha256());
  for (int i = 2; i < 20; ++i) {
    const std::string number = std::to_string(i);
    CHECK(replica.put("price", "p-" + number, "10.0.0." + number + ":80") == 200);
  }
  CHECK(waits->status() == 0);
  replica.pass(milliseconds(200));
  REQUIRE(waits->status() == 200);
  CHECK(waits->body().find("10.0.0.19:80") != std::string::npos);
}

TEST_CASE("an address is one service's alone; the newer of one service takes it") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  CHECK(replica.put("price", "p-1", "10.0.0.1:80") == 200);
  replica.pass(milliseconds(300));
  CHECK(replica.put("cart", "c-1", "10.0.0.1:80") == 409);
  CHECK(replica.put("price", "p-2", "10.0.0.1:80") == 200);
  replica.pass(milliseconds(300));
  const nlohmann::json page = replica.page("/v1/instances/price")["instances"];
  REQUIRE(page.size() == 2);
  CHECK(page[0]["state"] == "replaced");
  CHECK(page[1]["state"] == "alive");
  CHECK(replica.put("price", "p-1", "10.0.0.5:80") == 200);
}

TEST_CASE("good-bye takes an instance out, also one that is gone") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  replica.put("price", "p-1", "10.0.0.1:80");
  replica.pass(milliseconds(300));
  CHECK(has(replica, "10.0.0.1:80"));
  for (int i = 0; i < 2; ++i) {
    CHECK(replica.ask({.method = "DELETE", .path = "/v1/instances/price/p-1"})->status() == 204);
    replica.pass(milliseconds(300));
    CHECK_FALSE(has(replica, "10.0.0.1:80"));
  }
}

TEST_CASE("who stops sending heartbeats goes with its lease, whoever keeps them stays") {
  for (const bool shared : {false, true}) {
    CAPTURE(shared);
    MemoryCluster cluster = shop();
    Replica replica(cluster, shared);
    for (int i = 1; i < 9; ++i) {
      const std::string number = std::to_string(i);
      replica.put("price", "p-" + number, "10.0.0." + number + ":80");
    }
    replica.put("price", "dead", "10.0.0.99:80");
    for (int minute = 0; minute < 3; ++minute) {
      for (int beat = 0; beat < 2; ++beat) {
        replica.pass(seconds(30));
        for (int i = 1; i < 9; ++i) {
          const std::string number = std::to_string(i);
          CHECK(replica.put("price", "p-" + number, "10.0.0." + number + ":80") == 200);
        }
      }
      if (minute == 0) CHECK(has(replica, "10.0.0.99:80"));
    }
    CHECK_FALSE(has(replica, "10.0.0.99:80"));
    CHECK(has(replica, "10.0.0.8:80"));
    CHECK_FALSE(cluster.entries.contains("instances/price/dead"));
    // Only where others read them are heartbeats written.
    const auto& record = cluster.entries.at("instances/price/p-1");
    CHECK((record.revision > 20) == shared);
  }
}

TEST_CASE("a fifth of all gone at once is kept, and shown") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const auto beat = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      replica.put("price", "p-" + number, "10.0.1." + number + ":80");
    }
  };
  beat(20);
  for (int i = 0; i < 5; ++i) {
    replica.pass(seconds(30));
    beat(16);
  }
  CHECK(has(replica, "10.0.1.19:80"));
  const nlohmann::json protection = replica.page("/v1/services")["protection"];
  CHECK(protection["on"] == true);
  CHECK(protection["missing"] == 4);
  beat(20);
  replica.pass(seconds(2));
  CHECK(replica.page("/v1/fleet")["protection"]["on"] == false);
}

TEST_CASE("where instances are discovered nobody registers") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  replica.store.set_discovers();
  CHECK(replica.put("price", "p-1", "10.0.0.1:80") == 400);
}

TEST_CASE("records that others wrote wrong are told, and the rest is served") {
  MemoryCluster cluster = shop();
  cluster.put("instances/price/p-1", "nonsense");
  cluster.put("instances/odd", "{}");
  cluster.put("status/price/p-1", "[]");
  cluster.put("rollouts/price", "5");
  Replica replica(cluster);
  CHECK(replica.poll("cart", "c-1")->status() == 200);
  CHECK(replica.page("/v1/problems")["problems"].size() >= 2);
}

}  // namespace
}  // namespace woad::control
