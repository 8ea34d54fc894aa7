#include <string>
#include <vector>

#include "tests/control/plane/replica.h"

namespace woad::control {
namespace {

const std::string kNewer = kSteps + "limits: { client_connections: 1001 }\n";

// Sidecars of one service that poll, and what they run.
struct Sidecars {
  Sidecars(Replica& of, int count) : replica(of) {
    for (int i = 0; i < count; ++i) names.push_back("c-" + std::to_string(i));
    for (const std::string& name : names) {
      runs.push_back(replica.poll("cart", name)->sha256());
      replica.say("cart", name, runs.back());
    }
    poll();
  }
  void poll() {
    waits.clear();
    for (size_t i = 0; i < names.size(); ++i) {
      waits.push_back(replica.poll("cart", names[i], runs[i]));
    }
  }
  // Who got a file, and what each says of it.
  std::vector<std::string> take(bool good = true) {
    std::vector<std::string> who;
    for (size_t i = 0; i < names.size(); ++i) {
      if (waits[i]->status() != 200) continue;
      who.push_back(names[i]);
      runs[i] = waits[i]->sha256();
      replica.say("cart", names[i], runs[i], good);
      waits[i] = replica.poll("cart", names[i], runs[i]);
    }
    return who;
  }

  Replica& replica;
  std::vector<std::string> names;
  std::vector<std::string> runs;
  std::vector<std::shared_ptr<Answer>> waits;
};

TEST_CASE("step by step: one, and all when it went well for the pause") {
  MemoryCluster cluster = shop(kSteps);
  Replica replica(cluster);
  Sidecars sidecars(replica, 5);
  CHECK(replica.state("cart") == "done");
  cluster.put("mesh.yaml", kNewer);
  replica.pass(milliseconds(100));
  CHECK(replica.state("cart") == "rolling");
  CHECK(sidecars.take().size() == 1);
  replica.pass(seconds(9));
  CHECK(sidecars.take().empty());
  replica.pass(seconds(3));
  CHECK(sidecars.take().size() == 4);
  replica.pass(seconds(2));
  CHECK(replica.state("cart") == "done");
  CHECK(sidecars.take().empty());
}

TEST_CASE("a NACK halts it: nobody else gets it, and no hot loop") {
  MemoryCluster cluster = shop(kSteps);
  Replica replica(cluster);
  Sidecars sidecars(replica, 5);
  cluster.put("mesh.yaml", kNewer);
  replica.pass(milliseconds(100));
  const auto first = sidecars.take(false);
  REQUIRE(first.size() == 1);
  replica.pass(minutes(2));
  sidecars.poll();
  replica.pass(seconds(30));
  CHECK(sidecars.take().empty());
  CHECK(replica.state("cart") == "halted");
  const auto problems = replica.page("/v1/problems");
  REQUIRE(problems["rejections"].size() == 1);
  CHECK(problems["rejections"][0]["instance"] == first[0]);
  CHECK(problems["rejections"][0]["error"] == "port in use");

  SUBCASE("endpoints still reach everybody") {
    replica.put("price", "p-1", "10.0.0.1:80");
    replica.pass(seconds(1));
    CHECK(sidecars.take().size() == 5);
  }
  SUBCASE("a newer document begins anew") {
    cluster.put("mesh.yaml", kNewer + "log: { level: warn }\n");
    replica.pass(seconds(1));
    CHECK(replica.state("cart") == "rolling");
    CHECK(sidecars.take() == first);
  }
  SUBCASE("resume goes on where it stopped") {
    CHECK(replica.ask({.method = "POST", .path = "/v1/rollouts/cart/resume"})->status() == 200);
    replica.pass(seconds(15));
    CHECK(sidecars.take().size() == 4);
    replica.pass(seconds(15));
    CHECK(replica.state("cart") == "done");
  }
  SUBCASE("rollback ends it") {
    CHECK(replica.ask({.method = "POST", .path = "/v1/rollouts/cart/rollback"})->status() == 200);
    CHECK(replica.state("cart") == "rolled_back");
    replica.pass(minutes(1));
    CHECK(sidecars.take().empty());
  }
}

TEST_CASE("a step that says nothing in time halts it, an operator may, too") {
  MemoryCluster cluster = shop(kSteps);
  Replica replica(cluster);
  Sidecars sidecars(replica, 3);
  cluster.put("mesh.yaml", kNewer);
  replica.pass(milliseconds(100));
  SUBCASE("in time") { replica.pass(seconds(62)); }
  SUBCASE("by hand") {
    const WebCaller who{WebCaller::Kind::kWorkload, "spiffe://example.org/ns/ops/sa/operator"};
    const auto answer =
        replica.ask({.method = "POST", .path = "/v1/rollouts/cart/halt", .caller = who});
    REQUIRE(answer->status() == 200);
    CHECK(answer->body().find("halted by " + who.id) != std::string::npos);
  }
  CHECK(replica.state("cart") == "halted");
}

TEST_CASE("an order is answered by the state that it made, not by the one before") {
  MemoryCluster cluster = shop(kSteps);
  Replica replica(cluster, true);
  Sidecars sidecars(replica, 3);
  cluster.put("mesh.yaml", kNewer);
  replica.pass(milliseconds(100));
  for (const auto& row :
       {std::pair{"halt", "halted"}, {"resume", "rolling"}, {"rollback", "rolled_back"}}) {
    const auto& [order, state] = row;
    CAPTURE(row.first);
    cluster.hold();
    const auto answer =
        replica.ask({.method = "POST", .path = std::string("/v1/rollouts/cart/") + order});
    CHECK(answer->status() == 0);
    cluster.let_go();
    REQUIRE(answer->status() == 200);
    CHECK(nlohmann::json::parse(answer->body())["state"] == state);
  }
}

TEST_CASE("an order whose store goes away before it tells says so") {
  MemoryCluster cluster = shop(kSteps);
  Replica replica(cluster, true);
  Sidecars sidecars(replica, 3);
  cluster.put("mesh.yaml", kNewer);
  replica.pass(milliseconds(100));
  cluster.hold();
  const auto answer = replica.ask({.method = "POST", .path = "/v1/rollouts/cart/halt"});
  replica.store.set_away("connection refused");
  replica.pass(seconds(2));
  CHECK(answer->status() == 503);
  CHECK(answer->body().find("went away with it: connection refused") != std::string::npos);
  cluster.let_go();
  CHECK(replica.state("cart") == "halted");
}

TEST_CASE("two replicas carry one roll-out on, and agree") {
  MemoryCluster cluster = shop(kSteps);
  Replica left(cluster, true);
  Replica right(cluster, true);
  Sidecars at_left(left, 3);
  right.settle();
  cluster.put("mesh.yaml", kNewer);
  for (int i = 0; i < 30; ++i) {
    left.pass(milliseconds(500));
    right.pass(milliseconds(500));
    at_left.take();
  }
  right.pass(seconds(1));
  CHECK(left.state("cart") == "done");
  CHECK(right.state("cart") == "done");
  CHECK(right.poll("cart", "c-0")->sha256() == left.poll("cart", "c-0")->sha256());
  left.put("price", "p-1", "10.0.0.1:80");
  right.pass(seconds(1));
  CHECK(right.poll("cart", "c-0")->body().find("10.0.0.1:80") != std::string::npos);
  // One that polls at the left is a member at the right.
  CHECK(right.page("/v1/fleet")["members"].get<int>() >= 3);
}

TEST_CASE("who stopped polling is no member after a lease") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const auto stays = replica.poll("cart", "stays", replica.poll("cart", "stays")->sha256());
  replica.poll("cart", "goes");
  CHECK(replica.page("/v1/fleet")["members"] == 2);
  for (int i = 0; i < 4; ++i) {
    replica.pass(seconds(30));
    replica.poll("cart", "stays");
  }
  CHECK(replica.page("/v1/fleet")["members"] == 1);
  CHECK_FALSE(cluster.entries.contains("status/cart/goes"));
}

}  // namespace
}  // namespace woad::control
