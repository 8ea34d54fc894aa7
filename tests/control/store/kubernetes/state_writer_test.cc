#include "proxy/control/store/kubernetes/state_writer.h"

#include <doctest/doctest.h>

#include "tests/client/fake_asker.h"
#include "tests/control/store/heard.h"
#include "tests/control/store/kubernetes/samples.h"

namespace woad::control::kubernetes {
namespace {

using If = StoreWrite::If;
using Outcomes = std::vector<StoreOutcome>;
constexpr auto kDone = StoreOutcome::kDone;
constexpr auto kConflict = StoreOutcome::kConflict;
constexpr auto kFailed = StoreOutcome::kFailed;

constexpr const char* kStatus = "/api/v1/namespaces/mesh/configmaps/woad-status-c.price";
constexpr const char* kRollout = "/api/v1/namespaces/mesh/configmaps/woad-rollout.price";
constexpr const char* kFolder = "/api/v1/namespaces/mesh/configmaps";

struct World {
  void write(std::string key, std::optional<std::string> value, If condition = If::kAlways,
             uint64_t revision = 0) {
    writer.write(space, {std::move(key), std::move(value), condition, revision}, outcomes.next());
    scheduler.end_turn();
  }
  void pass(Duration time) {
    scheduler.advance(scheduler.now() + time);
    scheduler.end_turn();
  }
  // "PATCH /path {…}" of the request under way.
  std::string sent() {
    const auto& asked = asker.last();
    if (!asked.open) return "";
    const std::string& target = asked.request.target;
    return asked.request.method + " " + target.substr(0, target.find('?'));
  }
  Json body() { return Json::parse(asker.last().request.body); }

  std::string space = "mesh";
  Scheduler scheduler{MonoTime(seconds(1000))};
  woad::test::FakeAsker asker;
  control::test::Outcomes outcomes;
  StateWriter writer{scheduler, asker};
};

TEST_CASE("StateWriter: statuses of 200 ms travel in one merge patch, the newest of each") {
  World world;
  world.write("status/price/a", "1");
  world.write("status/price/g", "2");
  world.pass(milliseconds(100));
  world.write("status/price/a", "3");
  world.write("status/price/p20", std::nullopt);
  CHECK(world.asker.all.empty());
  world.pass(milliseconds(101));
  REQUIRE(world.asker.all.size() == 1);
  CHECK(world.sent() == std::string("PATCH ") + kStatus);
  CHECK(world.asker.last().header("content-type") == "application/merge-patch+json");
  CHECK(world.body() == test::json("{'data': {'a': '3', 'g': '2', 'p20': null}}"));
  world.write("status/price/a", "4");
  world.pass(seconds(1));
  CHECK(world.asker.all.size() == 1);  // one at a time
  world.asker.last().answer(200, "{}");
  CHECK(world.outcomes.all == Outcomes{kDone, kDone, kDone, kDone});
  world.pass(milliseconds(201));
  CHECK(world.body() == test::json("{'data': {'a': '4'}}"));
}

TEST_CASE("StateWriter: instances of several ConfigMaps wait for no other one's answer") {
  World world;
  world.write("status/price/a", "1");
  world.write("status/price/b", "2");
  world.write("status/price/g", "3");
  world.pass(milliseconds(201));
  REQUIRE(world.asker.all.size() == 2);
  CHECK(world.asker.find(std::string(kStatus)) != nullptr);
  CHECK(world.asker.find("/api/v1/namespaces/mesh/configmaps/woad-status-3.price") != nullptr);
}

TEST_CASE("StateWriter: a ConfigMap that is not there is made") {
  World world;
  world.write("status/price/a", "1");
  world.write("status/price/g", std::nullopt);
  world.pass(milliseconds(201));
  world.asker.last().answer(404, "{}");
  CHECK(world.sent() == std::string("POST ") + kFolder);
  const Json made = world.body();
  CHECK(made["data"] == test::json("{'a': '1'}"));
  CHECK(made["metadata"]["name"] == "woad-status-c.price");
  CHECK(made["metadata"]["labels"]["woad.dev/state"] == "status");
  CHECK(made["metadata"]["annotations"]["woad.dev/service"] == "price");
  world.asker.last().answer(409, "{}");  // another replica was quicker
  CHECK(world.sent() == std::string("PATCH ") + kStatus);
  world.asker.last().answer(200, "{}");
  CHECK(world.outcomes.all == Outcomes{kDone, kDone});
}

TEST_CASE("StateWriter: what is not there need not be removed") {
  World world;
  world.write("status/price/a", std::nullopt);
  world.write("rollouts/price", std::nullopt);
  world.pass(milliseconds(1));
  CHECK(world.sent() == std::string("DELETE ") + kRollout);
  world.asker.last().answer(404, "{}");
  world.pass(milliseconds(201));
  world.asker.last().answer(404, "{}");
  CHECK(world.outcomes.all == Outcomes{kDone, kDone});
}

TEST_CASE("StateWriter: conditions") {
  struct Row {
    If condition;
    std::optional<std::string> value;
    const char* method;
    const char* path;
    const char* body;  // some of it
    std::vector<std::pair<int, StoreOutcome>> answers;
  };
  const std::vector<std::pair<int, StoreOutcome>> dated = {
      {200, kDone}, {409, kConflict}, {404, kConflict}, {500, kFailed}, {0, kFailed}};
  const std::vector<Row> rows = {
      {If::kAbsent,
       "x",
       "POST",
       kFolder,
       "'data':{'rollout':'x'}",
       {{201, kDone}, {409, kConflict}, {500, kFailed}}},
      {If::kRevision, "x", "PATCH", kRollout,
       "{'data':{'rollout':'x'},'metadata':{'resourceVersion':'7'}}", dated},
      {If::kRevision, std::nullopt, "DELETE", kRollout, "'preconditions':{'resourceVersion':'7'}",
       dated},
  };
  for (const Row& row : rows) {
    for (const auto& answer : row.answers) {
      const auto& [status, outcome] = answer;
      CAPTURE(row.method);
      CAPTURE(answer.first);
      World world;
      world.write("rollouts/price", row.value, row.condition, 7);
      world.pass(milliseconds(1));
      CHECK(world.sent() == std::string(row.method) + " " + row.path);
      std::string body = row.body;
      std::replace(body.begin(), body.end(), '\'', '"');
      CHECK(world.asker.last().request.body.find(body) != std::string::npos);
      if (status == 0) {
        world.asker.last().fail("connection reset");
      } else {
        world.asker.last().answer(status, "{\"message\":\"no\"}");
      }
      REQUIRE(world.outcomes.all == Outcomes{outcome});
      const std::string why = status == 0 ? "connection reset" : "500: no";
      CHECK(world.outcomes.whys[0] == (outcome == kFailed ? why : ""));
    }
  }
}

TEST_CASE("StateWriter: writes of one key keep their order, and those with a condition go alone") {
  World world;
  world.write("rollouts/price", "1", If::kAbsent);
  world.write("rollouts/price", "2", If::kRevision, 5);
  world.write("rollouts/price", "3");
  world.write("rollouts/price", "4");
  world.pass(milliseconds(1));
  CHECK(world.sent() == std::string("POST ") + kFolder);
  world.asker.last().answer(201, "{}");
  world.pass(milliseconds(1));
  CHECK(world.body()["data"]["rollout"] == "2");
  world.asker.last().answer(409, "{}");
  world.pass(milliseconds(1));
  CHECK(world.body() == test::json("{'data': {'rollout': '4'}}"));
  world.asker.last().answer(200, "{}");
  CHECK(world.outcomes.all == Outcomes{kDone, kConflict, kDone, kDone});
}

TEST_CASE("StateWriter: what is never written, told at the end of the turn") {
  World world;
  world.write("instances/price/a", "1");
  world.write("mesh.yaml", "1");
  world.space = "";
  world.write("status/price/a", "1");
  CHECK(world.asker.all.empty());
  CHECK(world.outcomes.all == Outcomes{kFailed, kFailed, kFailed});
  CHECK(world.outcomes.whys[0] == "instances/price/a is not written: the cluster says it");
  CHECK(world.outcomes.whys[2] ==
        "there is no mesh document in the cluster, so no namespace to keep state in");
}

}  // namespace
}  // namespace woad::control::kubernetes
