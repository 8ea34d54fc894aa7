#include "proxy/control/store/etcd/etcd_feed.h"

#include <doctest/doctest.h>

#include "tests/control/store/etcd/fake_etcd.h"
#include "tests/control/store/heard.h"

namespace woad::control::test {
namespace {

constexpr std::string_view kRange = "/v3/kv/range";
constexpr std::string_view kWatch = "/v3/watch";
using Strings = std::vector<std::string>;

struct World {
  explicit World(size_t count = 1) {
    for (size_t i = 0; i < count; ++i) {
      etcds.push_back(std::make_shared<FakeEtcd>());
      servers.push_back({"etcd-" + std::to_string(i) + ":2379", etcds.back()});
    }
    feed = std::make_unique<EtcdFeed>(scheduler, servers, 1);
    feed->start(heard);
    CHECK(heard.synced == 0);
    CHECK(heard.away.empty());
  }
  // The one that is spoken to.
  FakeEtcd& etcd() {
    for (size_t i = 0; i < servers.size(); ++i) {
      if (servers[i].name == feed->server().name) return *etcds[i];
    }
    return *etcds[0];
  }
  void pass(Duration time) {
    scheduler.advance(scheduler.now() + time);
    scheduler.end_turn();
  }
  void retry() { pass(EtcdFeed::kMostBackOff); }
  std::string asked(std::string_view target) { return etcd().open(target).request.body; }
  bool watches_from(uint64_t revision) {
    return asked(kWatch).find("\"start_revision\":\"" + std::to_string(revision) + "\"") !=
           std::string::npos;
  }
  void open_watch(uint64_t revision) {
    etcd().head();
    etcd().line(created(revision));
    etcd().answer(kRange, page(revision, ""));  // the probe
  }
  // As far as a watch from revision 11 on.
  void watch() {
    etcd().answer(kRange, page(10, pair("mesh.yaml", "mesh", 3)));
    open_watch(10);
  }
  std::string why() const { return heard.away.empty() ? "" : heard.away.back(); }

  Scheduler scheduler{MonoTime(seconds(100))};
  std::vector<std::shared_ptr<FakeEtcd>> etcds;
  std::vector<EtcdServer> servers;
  Heard heard;
  std::unique_ptr<EtcdFeed> feed;
};

TEST_CASE("etcd feed: pages of one revision, and then what comes") {
  World world;
  CHECK(world.asked(kRange) == range_request("", 0));
  world.etcd().answer(kRange, page(10, pair("a", "1", 3) + "," + pair("b", "2", 9), true));
  CHECK(world.heard.synced == 0);
  CHECK(world.asked(kRange) == range_request("b", 10));
  world.etcd().answer(kRange, page(12, pair("c", "", 4)));
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.keys() == Strings{"a", "b", "c"});
  CHECK(world.heard.entries["b"].revision == 9);
  CHECK(world.heard.entries["b"].origin == "b");
  CHECK(world.heard.last == 10);
  CHECK(world.watches_from(11));
  CHECK(world.etcd().open(kWatch).request.timeout == Duration{});

  world.open_watch(12);
  world.etcd().line(events(12, put("a", "11", 11) + "," + gone("b", 12)));
  CHECK(world.heard.value("a") == "11");
  CHECK(world.heard.keys() == Strings{"a", "c"});
  CHECK(world.heard.last == 12);
  // In pieces of any size, more than one line in a piece.
  const std::string two =
      events(13, put("d", "4", 13)) + "\n" + events(14, put("e", "5", 14)) + "\n";
  for (const char c : two) world.etcd().watch().on_body({&c, 1});
  world.etcd().watch().on_body(events(15, put("f", "6", 15)) + "\n" + events(16, gone("f", 16)) +
                               "\n");
  CHECK(world.heard.keys() == Strings{"a", "c", "d", "e"});
  CHECK(world.heard.away.empty());
  CHECK(world.heard.synced == 1);
}

TEST_CASE("etcd feed: a watch resumes where it was, and on another server") {
  World world(2);
  world.watch();
  FakeEtcd& first = world.etcd();
  first.line(events(14, put("a", "1", 14)));
  first.line("{\"result\":{" + header(20) + "}}");  // progress
  first.watch().on_failed("10.0.0.1:2379: connection reset");
  CHECK(world.why() == "10.0.0.1:2379: connection reset");
  CHECK(first.count_open() == 0);
  world.retry();
  CHECK(&world.etcd() != &first);
  CHECK(world.watches_from(21));
  world.etcd().head();
  world.etcd().line(created(22));
  CHECK(world.why() != "");  // a member that nobody follows opens a watch, too
  world.etcd().answer(kRange, page(22, ""));
  CHECK(world.why() == "");
  CHECK(world.heard.away.size() == 2);
  CHECK(world.heard.synced == 1);
  CHECK(world.heard.keys() == Strings{"a", "mesh.yaml"});
}

TEST_CASE("etcd feed: half of a revision is asked for again") {
  World world;
  world.watch();
  world.etcd().line(events(14, put("a", "1", 14), true));
  world.etcd().watch().on_end();
  CHECK(world.why() == "etcd-0:2379: the watch was ended");
  world.retry();
  CHECK(world.watches_from(11));
}

TEST_CASE("etcd feed: what calls for a new list") {
  struct Row {
    const char* name;
    bool away;  // the connection breaks before
    std::string line;
  };
  for (const Row& row : {
           Row{"compacted", false,
               "{\"result\":{\"header\":{},\"canceled\":true,\"compact_revision\":\"9\"}}"},
           Row{"compacted while away", true,
               "{\"result\":{\"header\":{},\"canceled\":true,\"compact_revision\":\"9\"}}"},
           Row{"another cluster", true, created(50, 8)},
           Row{"set back", true, created(5)},
       }) {
    CAPTURE(row.name);
    World world;
    world.watch();
    if (row.away) {
      world.etcd().watch().on_end();
      world.retry();
      world.etcd().head();
    }
    world.etcd().line(row.line);
    CHECK(world.etcd().count_open() == 0);
    world.retry();
    CHECK(world.asked(kRange) == range_request("", 0));
    world.etcd().answer(kRange, page(60, pair("new", "1", 55), false, 8));
    CHECK(world.heard.synced == 2);
    CHECK(world.heard.keys() == Strings{"new"});
    CHECK(world.watches_from(61));
    // A member that lags behind the list is no other etcd.
    world.etcd().head();
    world.etcd().line(created(40, 8));
    world.etcd().answer(kRange, page(61, "", false, 8));
    CHECK(world.why() == "");
    CHECK(world.heard.synced == 2);
  }
}

TEST_CASE("etcd feed: answers to a list that are none") {
  struct Row {
    int status;
    std::string body;
    const char* why;
  };
  for (const Row& row : {
           Row{200, "", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "<html>", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "[]", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "{}", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "{\"header\":3,\"kvs\":{}}", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "{" + header(3) + ",\"kvs\":[7]}", "etcd-0:2379: the answer is none of etcd"},
           Row{200, "{" + header(3) + ",\"kvs\":[{\"key\":\"%\"}]}",
               "etcd-0:2379: the answer is none of etcd"},
           Row{200, page(3, "", true), "etcd-0:2379: the answer is none of etcd"},
           Row{503, "no JSON", "etcd-0:2379: status 503"},
           Row{400, "{\"error\":\"etcdserver: no leader\"}", "etcd-0:2379: etcdserver: no leader"},
           Row{404, "{\"message\":\"Not Found\"}", "etcd-0:2379: Not Found"},
       }) {
    CAPTURE(row.body);
    World world;
    world.etcd().answer(kRange, row.body, row.status);
    CHECK(world.why() == row.why);
    CHECK(world.heard.synced == 0);
    world.retry();
    world.watch();
    CHECK(world.why() == "");
    CHECK(world.heard.value("mesh.yaml") == "mesh");
  }
}

TEST_CASE("etcd feed: pages that do not go on, and one that is compacted meanwhile") {
  World world;
  world.etcd().answer(kRange, page(3, pair("b", "", 1), true));
  world.etcd().answer(kRange, page(3, pair("a", "", 1), true));
  CHECK(world.why() == "etcd-0:2379: pages go back");
  world.retry();
  world.etcd().answer(kRange, page(3, pair("b", "", 1), true));
  world.etcd().answer(
      kRange, "{\"error\":\"etcdserver: mvcc: required revision has been compacted\"}", 400);
  world.retry();
  CHECK(world.asked(kRange) == range_request("", 0));
}

TEST_CASE("etcd feed: a watch that says what it should not, or nothing") {
  const auto at = [](World& world, auto&& happens) {
    world.watch();
    happens(world);
    CHECK(world.why() != "");
    CHECK(world.etcd().count_open() == 0);
    world.retry();
    CHECK(world.watches_from(11));
    world.open_watch(10);
    CHECK(world.why() == "");
    CHECK(world.heard.synced == 1);
    return world.heard.away.front();
  };
  struct Row {
    const char* line;
    const char* why;
  };
  for (const Row& row : {
           Row{"garbage", "etcd-0:2379: the answer is none of etcd"},
           Row{"\xff\xfe", "etcd-0:2379: the answer is none of etcd"},
           Row{"{\"result\":[]}", "etcd-0:2379: the answer is none of etcd"},
           Row{"{\"error\":{\"grpc_code\":14,\"message\":\"going away\"}}",
               "etcd-0:2379: going away"},
           Row{"{\"result\":{\"canceled\":true,\"cancel_reason\":\"no\"}}", "etcd-0:2379: no"},
       }) {
    CAPTURE(row.line);
    World world;
    CHECK(at(world, [&](World& w) { w.etcd().line(row.line); }) == row.why);
  }
  World silent;
  CHECK(at(silent, [](World& w) {
          w.pass(EtcdFeed::kProbe);
          w.etcd().fail(kRange, "no answer within 5s");
        }) == "no answer within 5s");
}

TEST_CASE("etcd feed: a watch that is refused, and one that never opens") {
  World world;
  world.etcd().answer(kRange, page(10, ""));
  world.etcd().head(503);
  world.etcd().watch().on_body("{\"error\":\"not now\"");
  world.etcd().watch().on_body("}");
  world.etcd().watch().on_end();
  CHECK(world.why() == "etcd-0:2379: not now");
  world.retry();
  world.etcd().head();
  world.pass(EtcdFeed::kAnswer);
  CHECK(world.why() == "etcd-0:2379: no watch within 5s");
}

TEST_CASE("etcd feed: a watch is made anew now and then, from where it was") {
  World world;
  world.watch();
  world.etcd().line(events(14, put("a", "1", 14)));
  for (Duration past{}; past < EtcdFeed::kRenew; past += EtcdFeed::kProbe) {
    CHECK(world.watches_from(11));
    world.pass(EtcdFeed::kProbe);
    if (world.watches_from(11)) world.etcd().answer(kRange, page(14, ""));
  }
  CHECK(world.watches_from(15));
  world.open_watch(14);
  CHECK(world.etcd().count_open() == 1);
  CHECK(world.heard.away.empty());
}

TEST_CASE("etcd feed: the longer it is away, the seldomer it is asked") {
  World world(3);
  Duration last{};
  for (int i = 0; i < 12; ++i) {
    world.etcd().fail(kRange, "refused");
    const MonoTime before = world.scheduler.now();
    while (world.etcd().count_open() == 0) world.pass(milliseconds(10));
    last = world.scheduler.now() - before;
    CHECK(last >= EtcdFeed::kFirstBackOff / 2);
    CHECK(last <= EtcdFeed::kMostBackOff + milliseconds(10));
  }
  CHECK(last >= EtcdFeed::kMostBackOff / 2);
  CHECK(world.heard.away == Strings{"refused"});
  for (const auto& each : world.etcds) CHECK(each->all.size() >= 4);
}

TEST_CASE("etcd feed: keys and values of all kinds") {
  World world;
  const std::string huge(kMaxDocument + 1, 'x');
  world.etcd().answer(
      kRange,
      page(10, pair("a\xff", "", 1) + "," + pair("services/price.yaml", huge, 2) + "," +
                   pair("rollouts/price", huge, 3) + "," + pair("services/x.yaml", "\xff", 4)));
  CHECK(world.heard.keys() == Strings{"rollouts/price", "services/price.yaml", "services/x.yaml"});
  CHECK(world.heard.entries["services/price.yaml"].error == "is larger than 4 MiB");
  CHECK(world.heard.value("services/price.yaml") == "");
  CHECK(world.heard.value("rollouts/price") == huge);
  CHECK(world.heard.value("services/x.yaml") == "\xff");
  world.open_watch(10);
  world.etcd().line(events(11, put("b\xff", "1", 11)));
  CHECK(world.heard.changed.empty());
}

}  // namespace
}  // namespace woad::control::test
