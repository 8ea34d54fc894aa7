#include "proxy/control/store/etcd/etcd_writer.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/control/store/etcd/fake_etcd.h"
#include "tests/control/store/heard.h"

namespace woad::control::test {
namespace {

using Json = nlohmann::json;
using If = StoreWrite::If;
constexpr std::string_view kTxn = "/v3/kv/txn";
constexpr std::string_view kGrant = "/v3/lease/grant";

struct World {
  void write(StoreWrite write) { writer.write(std::move(write), outcomes.next()); }
  void turn() { scheduler.end_turn(); }
  Json asked() { return Json::parse(etcd->open(kTxn).request.body)["success"]; }
  // As many answers as there were questions.
  void answer(bool succeeded = true) {
    Json all = Json::array();
    for (size_t i = asked().size(); i > 0; --i) {
      all.push_back({{"response_txn", {{"succeeded", succeeded}}}});
    }
    etcd->answer(kTxn, Json{{"responses", std::move(all)}}.dump());
    turn();
  }
  void grant(const char* id) { etcd->answer(kGrant, Json{{"ID", id}}.dump()); }
  size_t count(StoreOutcome outcome) const {
    return static_cast<size_t>(std::count(outcomes.all.begin(), outcomes.all.end(), outcome));
  }

  Scheduler scheduler{MonoTime(seconds(100))};
  std::shared_ptr<FakeEtcd> etcd = std::make_shared<FakeEtcd>();
  std::vector<EtcdServer> servers{{"etcd:2379", etcd}};
  EtcdFeed feed{scheduler, servers, 1};
  EtcdWriter writer{scheduler, feed};
  Outcomes outcomes;
};

StoreWrite status(const std::string& name, std::string value = "1") {
  return {.key = "status/" + name, .value = std::move(value)};
}
StoreWrite instance(const std::string& name) { return {.key = "instances/" + name, .value = "1"}; }

TEST_CASE("etcd writer: one turn's writes travel together, one transaction at a time") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.write(status(name));
  CHECK(world.etcd->all.empty());
  world.turn();
  CHECK(world.asked().size() == 3);
  world.write(status("d"));
  world.turn();
  CHECK(world.etcd->all.size() == 1);
  CHECK(world.outcomes.all.empty());
  world.answer();
  CHECK(world.count(StoreOutcome::kDone) == 3);
  CHECK(world.asked().size() == 1);
  world.answer();
  CHECK(world.count(StoreOutcome::kDone) == 4);
}

TEST_CASE("etcd writer: a conflict is of one write alone") {
  World world;
  world.write(status("a"));
  world.write({.key = "rollouts/price", .value = "x", .condition = If::kRevision, .revision = 3});
  world.turn();
  world.answer(false);
  CHECK(world.outcomes.all == std::vector{StoreOutcome::kDone, StoreOutcome::kConflict});
}

TEST_CASE("etcd writer: a key once in a transaction, and no more than etcd takes") {
  World world;
  world.write(status("a", "1"));
  world.write(status("b", "1"));
  world.write(status("a", "2"));
  world.turn();
  CHECK(world.asked().size() == 2);
  world.answer();
  CHECK(world.asked()[0]["request_put"]["value"] == base64("2"));
  world.answer();

  for (int i = 0; i < 250; ++i) world.write(status(std::to_string(i)));
  world.turn();
  for (const size_t size : {100U, 100U, 50U}) {
    CHECK(world.asked().size() == size);
    world.answer();
  }
  const std::string big(EtcdWriter::kMostBytes / 2, 'x');
  world.write(status("x", big + big + big));
  for (const char* name : {"a", "b", "c"}) world.write(status(name, big.substr(100)));
  world.turn();
  for (const size_t size : {1U, 2U, 1U}) {
    CHECK(world.asked().size() == size);
    world.answer();
  }
  CHECK(world.count(StoreOutcome::kDone) == 257);
}

TEST_CASE("etcd writer: instances hang on a lease, one a minute") {
  World world;
  world.write(status("a"));
  world.write(instance("a"));
  world.turn();
  CHECK(Json::parse(world.etcd->open(kGrant).request.body) == Json{{"TTL", "990"}});
  world.grant("5");
  CHECK(!world.asked()[0]["request_put"].contains("lease"));
  CHECK(world.asked()[1]["request_put"]["lease"] == "5");
  world.answer();

  const auto next = [&](Duration later) {
    world.scheduler.advance(world.scheduler.now() + later);
    world.write(instance("a"));
    world.turn();
    return world.etcd->all.back().request.target;
  };
  CHECK(next(seconds(59)) == kTxn);
  world.answer();
  CHECK(next(seconds(1)) == kGrant);
  world.grant("6");
  CHECK(world.asked()[0]["request_put"]["lease"] == "6");
  world.answer();
  world.writer.set_ttl(seconds(990));
  CHECK(next({}) == kTxn);
  world.answer();
  world.writer.set_ttl(seconds(930));
  CHECK(next({}) == kGrant);
  CHECK(Json::parse(world.etcd->open(kGrant).request.body) == Json{{"TTL", "930"}});
}

TEST_CASE("etcd writer: a lease that is gone is asked for again, once") {
  World world;
  world.write(instance("a"));
  world.turn();
  const char* gone = R"({"error":"etcdserver: requested lease not found","code":5})";
  world.grant("5");
  world.etcd->answer(kTxn, gone, 404);
  world.grant("6");
  CHECK(world.asked()[0]["request_put"]["lease"] == "6");
  world.etcd->answer(kTxn, gone, 404);
  CHECK(world.outcomes.all == std::vector{StoreOutcome::kFailed});
  CHECK(world.outcomes.whys.back() == "etcd:2379: etcdserver: requested lease not found");
}

TEST_CASE("etcd writer: without an answer all that waits has failed, and the next may do") {
  struct Row {
    int status;
    const char* body;  // without a status: why
    size_t failed;     // of those three that wait behind two, and those
    const char* why;
  };
  for (const Row& row : {
           Row{0, "10.0.0.1:2379: connection refused", 5, "10.0.0.1:2379: connection refused"},
           Row{503, "", 5, "etcd:2379: status 503"},
           Row{200, "garbage", 5, "etcd:2379: the answer is none of etcd"},
           Row{400, R"({"error":"etcdserver: request is too large"})", 2,
               "etcd:2379: etcdserver: request is too large"},
       }) {
    CAPTURE(row.why);
    World world;
    for (const char* name : {"a", "b", "a", "b", "c"}) world.write(status(name));
    world.turn();
    if (row.status == 0) {
      world.etcd->fail(kTxn, row.body);
    } else {
      world.etcd->answer(kTxn, row.body, row.status);
    }
    CHECK(world.count(StoreOutcome::kFailed) == row.failed);
    CHECK(world.outcomes.whys.back() == row.why);
    world.write(status("d"));
    world.turn();
    while (world.etcd->count_open() > 0) world.answer();
    CHECK(world.count(StoreOutcome::kDone) == 6 - row.failed);
  }
  World world;
  world.write(instance("a"));
  world.turn();
  world.etcd->fail(kGrant, "refused");
  CHECK(world.outcomes.whys == std::vector<std::string>{"refused"});
}

TEST_CASE("etcd writer: who is told may write again, or not care") {
  World world;
  world.writer.write(status("a"), {});
  world.writer.write(status("b"),
                     [&](StoreOutcome, const std::string&) { world.write(status("c")); });
  world.turn();
  world.answer();
  CHECK(world.asked().size() == 1);
  world.answer();
  CHECK(world.count(StoreOutcome::kDone) == 1);
}

}  // namespace
}  // namespace woad::control::test
