#include "proxy/server/rollout.h"

#include <doctest/doctest.h>

#include "tests/server/rollout_rig.h"
#include "tests/support/workloads.h"

namespace woad::test {
namespace {

// Where a rollout of A is when something else happens. B was written, and waits for its name in
// the last one.
enum class Stage { kIdle, kPausing, kLoading, kAdopting, kNaming };
constexpr Stage kStages[] = {Stage::kIdle, Stage::kPausing, Stage::kLoading, Stage::kAdopting,
                             Stage::kNaming};

struct Staged : RolloutRig {
  explicit Staged(Stage stage) : RolloutRig(good("A")) {
    start();
    switch (stage) {
      case Stage::kIdle: break;
      case Stage::kPausing:
        write(good("A"));
        settle();
        write(good("B"));
        REQUIRE_FALSE(background.busy());
        break;
      case Stage::kLoading:
        write(good("B"));
        background.begin();
        REQUIRE(background.busy());
        break;
      case Stage::kAdopting:
        write(good("B"));
        background.finish();
        REQUIRE(workers.busy());
        break;
      case Stage::kNaming:
        write(named("B"));
        background.finish();
        REQUIRE(name_server.asked.count("late.shop") == 1);
        break;
    }
  }
};

TEST_CASE("rollout: a file that was taken back while it waited for its names never runs") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.write(named("B"));
  rig.pass(seconds(1));
  CHECK(rig.served() == "A");
  CHECK(rig.rollout.status().version == "A");
  CHECK(rig.rollout.status().last_error.empty());
  rig.write(good("A"));
  rig.pass(minutes(1));
  CHECK(rig.served() == "A");
  CHECK(rig.rollout.status().version == "A");
  CHECK(rig.workers.adoptions == 1);
  CHECK(rig.counts() == "0 0 1");
}

TEST_CASE("rollout: a refused file does not hide behind one that waited for its names") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.write(named("B"));
  rig.pass(seconds(1));
  rig.write(broken());
  rig.pass(minutes(1));
  CHECK(rig.served() == "A");
  CHECK(rig.rollout.status().version == "A");
  CHECK(rig.rollout.status().last_error.find("nonsense") != std::string::npos);
  CHECK(rig.counts() == "0 1 0");
}

TEST_CASE("rollout: what waited is forgotten when a newer file runs") {
  RolloutRig rig(named("A", "here.shop"));
  rig.rollout.read_file();
  rig.settle();
  rig.name_server.answer("here.shop", "10.0.0.1");
  rig.pass(seconds(1));
  REQUIRE(rig.served() == "A");
  rig.write(named("B"));
  rig.pass(seconds(1));
  rig.write(named("C", "here.shop"));
  rig.pass(seconds(1));
  REQUIRE(rig.served() == "C");
  rig.pass(minutes(1));
  rig.name_server.answer("here.shop", "10.0.0.2");
  rig.pass(minutes(1));
  CHECK(rig.served() == "C");
  CHECK(rig.rollout.status().version == "C");
  CHECK(rig.counts() == "1 0 0");
}

TEST_CASE("rollout: a reload is told though what it refers to changed meanwhile") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.write(good("B"));
  rig.background.finish();
  REQUIRE(rig.workers.busy());
  rig.rollout.on_names_changed();
  rig.pass(seconds(1));
  CHECK(rig.workers.adoptions == 3);  // the start, B, and B with other addresses
  CHECK(rig.rollout.status().version == "B");
  CHECK(rig.counts() == "1 0 0");
}

TEST_CASE("rollout: a signal while something is under way reads what is there then") {
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    Staged rig(stage);
    const std::string before = rig.rollout.status().version;
    rig.rollout.read_file();
    rig.pass(NameService::kPatience + seconds(1));
    const bool same = stage == Stage::kIdle;
    CHECK(rig.served() == (same ? "A" : "B"));
    CHECK(rig.rollout.status().version == rig.served());
    CHECK(before == "A");
    rig.write(good("A"));
    rig.pass(seconds(1));
    CHECK(rig.served() == "A");
  }
}

TEST_CASE("rollout: taken back, refused, replaced, in each state") {
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    // What the workers have by then stays when the newer file is refused.
    const std::string had = stage == Stage::kAdopting ? "B" : "A";
    struct Case {
      std::string text;
      std::string runs;
      bool refused;
    };
    for (const Case& each :
         {Case{good("A"), "A", false}, Case{broken(), had, true}, Case{good("C"), "C", false}}) {
      CAPTURE(each.text);
      Staged rig(stage);
      rig.write(each.text);
      rig.pass(minutes(1));
      CHECK(rig.served() == each.runs);
      CHECK(rig.rollout.status().version == each.runs);
      CHECK(rig.rollout.status().last_error.empty() == !each.refused);
    }
  }
}

TEST_CASE("rollout: certificates that change in each state are used, without a word of the file") {
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    Staged rig(stage);
    const int reads = rig.file.reads + (stage == Stage::kPausing ? 1 : 0);
    rig.file.certificate = workloads().cart_context;
    rig.rollout.on_certificates_changed();
    rig.pass(NameService::kPatience + seconds(1));
    CHECK(rig.workers.serving->tls.own.context == workloads().cart_context);
    CHECK(rig.file.reads == reads);
    CHECK(rig.served() == (stage == Stage::kIdle ? "A" : "B"));
    CHECK(rig.rollout.status().version == rig.served());
  }
}

TEST_CASE("rollout: certificates that are the same are adopted by nobody") {
  RolloutRig rig(good("A"));
  rig.file.certificate = workloads().cart_context;
  rig.start();
  rig.rollout.on_certificates_changed();
  rig.pass(seconds(1));
  CHECK(rig.file.compiles == 1);
  CHECK(rig.workers.adoptions == 1);
  CHECK(rig.certificates.status().reloads_unchanged == 1);
}

TEST_CASE("rollout: names that change never parse the file") {
  RolloutRig rig(named("A"));
  rig.rollout.read_file();
  rig.settle();
  CHECK(rig.served() == "");
  rig.name_server.answer("late.shop", "10.0.0.1");
  rig.settle();
  REQUIRE(rig.served() == "A");
  CHECK(rig.file.reads == 1);
  const auto endpoint = [&] {
    return rig.workers.serving->services[1]->service.pools()[0].endpoints[0].address.to_string();
  };
  CHECK(endpoint() == "10.0.0.1:80");
  rig.pass(minutes(1) + seconds(1));
  rig.name_server.answer("late.shop", "10.0.0.2");
  rig.pass(seconds(1));
  CHECK(endpoint() == "10.0.0.2:80");
  CHECK(rig.file.reads == 1);
  CHECK(rig.counts() == "0 0 0");
}

TEST_CASE("rollout: addresses that are known stay while a file that is refused is on its way") {
  RolloutRig rig(named("A", "here.shop"));
  rig.rollout.read_file();
  rig.settle();
  rig.name_server.answer("here.shop", "10.0.0.1");
  rig.pass(seconds(1));
  rig.write(named("B"));
  rig.pass(seconds(1));
  rig.write(broken());
  rig.pass(seconds(1));
  rig.rollout.on_certificates_changed();
  rig.rollout.on_names_changed();
  rig.pass(seconds(1));
  CHECK(rig.workers.serving->services[1]->service.pools()[0].endpoints[0].address.to_string() ==
        "10.0.0.1:80");
}

TEST_CASE("rollout: an address that cannot be bound") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.workers.taken = "127.0.0.1:15009";
  rig.write(good("B", "15009"));
  rig.pass(minutes(1));
  CHECK(rig.served() == "A");
  CHECK(rig.rollout.status().version == "A");
  CHECK(rig.rollout.status().last_error == "127.0.0.1:15009: address already in use\n");
  CHECK(rig.counts() == "0 1 0");
  rig.workers.taken = "";
  rig.rollout.read_file();
  rig.pass(seconds(1));
  CHECK(rig.served() == "B");
  CHECK(rig.rollout.status().last_error.empty());
}

TEST_CASE("rollout: the start fails by the file and by an address") {
  RolloutRig bad(broken());
  bad.rollout.read_file();
  bad.pass(seconds(1));
  REQUIRE(bad.workers.failed);
  CHECK(bad.workers.failed->find("woad.yaml:") == 0);
  RolloutRig bound(good("A"));
  bound.workers.taken = "127.0.0.1:15001";
  bound.rollout.read_file();
  bound.pass(seconds(1));
  REQUIRE(bound.workers.failed);
  CHECK(*bound.workers.failed == "woad: 127.0.0.1:15001: address already in use\n");
  bound.write(good("B"));
  bound.pass(seconds(1));
  CHECK(bound.workers.adoptions == 0);
}

TEST_CASE("rollout: a start that fails is no end where another file may come") {
  RolloutRig rig("services: [");
  rig.workers.waits = true;
  rig.rollout.read_file();
  rig.pass(seconds(1));
  CHECK_FALSE(rig.workers.failed);
  CHECK(rig.rollout.snapshot() == nullptr);
  CHECK_FALSE(rig.rollout.status().last_error.empty());
  rig.workers.taken = "127.0.0.1:15001";
  rig.write(good("A"));
  rig.pass(seconds(1));
  REQUIRE(rig.workers.judged.size() == 2);
  CHECK(rig.workers.judged[1] ==
        config::content_hash(good("A")) + " 127.0.0.1:15001: address already in use\n");
  rig.workers.taken.clear();
  rig.write(good("B"));
  rig.pass(seconds(1));
  CHECK(rig.served() == "B");
  CHECK(rig.rollout.status().last_error.empty());
  rig.write(good("B"));
  rig.pass(seconds(1));
  REQUIRE(rig.workers.judged.size() == 4);
  CHECK(rig.workers.judged[2] == config::content_hash(good("B")) + " good");
  CHECK(rig.workers.judged[3] == rig.workers.judged[2]);
}

TEST_CASE("rollout: nothing comes to run after the end, whatever was under way") {
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    Staged rig(stage);
    const int adoptions = rig.workers.adoptions;
    rig.rollout.stop();
    rig.rollout.on_certificates_changed();
    rig.write(good("C"));
    rig.pass(minutes(1));
    CHECK(rig.workers.adoptions == adoptions);
    CHECK(rig.rollout.status().version == "A");
    rig.rollout.stop();  // asked twice
  }
}

TEST_CASE("rollout: half a file is neither refused nor run, however long it takes") {
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    Staged rig(stage);
    rig.file.is_open = true;
    rig.write(broken());
    rig.pass(seconds(20));
    CHECK(rig.rollout.status().last_error.empty());
    CHECK(rig.served() == (stage == Stage::kAdopting ? "B" : "A"));
    rig.file.is_open = false;
    rig.file.text = good("C");
    rig.pass(Rollout::kPause * 2);
    CHECK(rig.served() == "C");
  }
}

TEST_CASE("rollout: half a file at the start, and half a key") {
  RolloutRig rig(good("A"));
  rig.file.is_open = true;
  rig.rollout.read_file();
  rig.pass(seconds(20));
  CHECK_FALSE(rig.workers.failed);
  rig.file.is_open = false;
  rig.pass(Rollout::kPause * 2);
  REQUIRE(rig.served() == "A");
  rig.file.certificate_is_open = true;
  rig.file.certificate = workloads().cart_context;
  rig.rollout.on_certificates_changed();
  rig.pass(seconds(20));
  CHECK(rig.workers.adoptions == 1);
  rig.file.certificate_is_open = false;
  rig.pass(Rollout::kPause * 2);
  CHECK(rig.workers.serving->tls.own.context == workloads().cart_context);
  CHECK(rig.counts() == "0 0 0");
}

TEST_CASE("rollout: one change does not wait; a burst is two loads") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.file.reads = 0;
  rig.write(good("B"));
  rig.settle();
  CHECK(rig.served() == "B");
  for (int i = 0; i < 30; ++i) {
    rig.pass(milliseconds(1));
    rig.write(good("B" + std::to_string(i)));
  }
  rig.pass(Rollout::kPause);
  CHECK(rig.served() == "B29");
  CHECK(rig.file.reads == 2);
  CHECK(rig.counts() == "2 0 0");
}

TEST_CASE("rollout: a file that was taken back while it was loaded never runs") {
  RolloutRig rig(good("A"));
  rig.start();
  rig.write(good("B"));
  rig.background.begin();
  rig.write(good("A"));
  rig.pass(seconds(1));
  CHECK(rig.workers.adoptions == 1);
  CHECK(rig.counts() == "0 0 1");
}

TEST_CASE("rollout: files that come faster than they can be loaded run all the same") {
  RolloutRig rig(good("A"));
  rig.start();
  int version = 0;
  for (Duration gone{}; gone < seconds(10); gone += milliseconds(200)) {
    rig.write(good("B" + std::to_string(++version)));
    rig.background.begin();
    rig.scheduler.advance(rig.scheduler.now() + milliseconds(100));
    rig.write(good("B" + std::to_string(++version)));
    rig.scheduler.advance(rig.scheduler.now() + milliseconds(100));
    if (rig.background.busy()) rig.background.finish();
    if (rig.workers.busy()) rig.workers.finish();
  }
  CHECK(rig.workers.adoptions >= 6);
  CHECK(rig.workers.adoptions <= 12);
}

}  // namespace
}  // namespace woad::test
