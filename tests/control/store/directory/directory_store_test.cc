#include "proxy/control/store/directory/directory_store.h"

#include <doctest/doctest.h>

#include "tests/control/store/heard.h"
#include "tests/net/harness.h"
#include "tests/support/folder.h"

namespace woad::control::test {
namespace {

namespace fs = std::filesystem;
using woad::test::Folder;
using woad::test::run_until;
using If = StoreWrite::If;

struct Fixture {
  Fixture() {
    fs::create_directories(folder / "mesh/services");
    put("mesh.yaml", "mesh");
    put("services/price.yaml", "price");
  }
  void put(const std::string& name, const std::string& text) { folder.put("mesh/" + name, text); }
  void start() {
    store = std::make_unique<DirectoryStore>(loop.scheduler(), events, folder / "mesh");
    REQUIRE(store->start(heard));
    REQUIRE(heard.synced == 0);
  }
  template <class F>
  bool until(F&& done) {
    return run_until(loop, done);
  }
  void start_and_sync() {
    start();
    REQUIRE(until([&] { return heard.synced == 1; }));
  }
  // The end of the turn, where writes are carried out.
  void write(StoreWrite write) {
    store->write(std::move(write), outcomes.next());
    CHECK(outcomes.all.size() + 1 == ++writes);
    loop.scheduler().end_turn();
    CHECK(outcomes.all.size() == writes);
  }

  Folder folder;
  Loop loop;
  FileEvents events{loop};
  Heard heard;
  Outcomes outcomes;
  size_t writes = 0;
  std::unique_ptr<DirectoryStore> store;
};

using Keys = std::vector<std::string>;

TEST_CASE_FIXTURE(Fixture, "all there is, then what changes, however it changes") {
  start_and_sync();
  CHECK(heard.keys() == Keys{"mesh.yaml", "services/price.yaml"});
  CHECK(heard.value("mesh.yaml") == "mesh");
  CHECK(heard.last > 1'600'000'000'000);  // wall time in milliseconds

  put("services/price.yaml", "in place");
  CHECK(until([&] { return heard.value("services/price.yaml") == "in place"; }));
  put("services/.new", "renamed");
  fs::rename(folder / "mesh/services/.new", folder / "mesh/services/price.yaml");
  CHECK(until([&] { return heard.value("services/price.yaml") == "renamed"; }));
  put("services/stock.yaml", "stock");
  CHECK(until([&] { return heard.value("services/stock.yaml") == "stock"; }));
  fs::remove(folder / "mesh/services/price.yaml");
  CHECK(until([&] { return heard.keys() == Keys{"mesh.yaml", "services/stock.yaml"}; }));
  fs::remove_all(folder / "mesh/services");
  CHECK(until([&] { return heard.keys() == Keys{"mesh.yaml"}; }));
  fs::create_directory(folder / "mesh/services");
  put("services/price.yaml", "again");
  CHECK(until([&] { return heard.value("services/price.yaml") == "again"; }));
  CHECK(heard.grows);
  CHECK(heard.synced == 1);
  CHECK(heard.away.empty());
}

TEST_CASE_FIXTURE(Fixture, "half a document is not told, its writer's close is") {
  std::ofstream writer(folder / "mesh/services/price.yaml", std::ios::trunc);
  writer << "half" << std::flush;
  start();
  put("mesh.yaml", "another");
  CHECK(!run_until(
      loop, [&] { return heard.synced > 0; }, milliseconds(500)));
  writer << " and half";
  writer.close();
  CHECK(until([&] { return heard.synced > 0; }));
  CHECK(heard.value("services/price.yaml") == "half and half");

  writer.open(folder / "mesh/services/price.yaml", std::ios::trunc);
  writer << "once " << std::flush;
  put("mesh.yaml", "a third");
  CHECK(until([&] { return heard.value("mesh.yaml") == "a third"; }));
  CHECK(heard.value("services/price.yaml") == "half and half");
  writer << "more";
  writer.close();
  CHECK(until([&] { return heard.value("services/price.yaml") == "once more"; }));
}

TEST_CASE_FIXTURE(Fixture, "a file that is replaced by removing it first is not told as gone") {
  start_and_sync();
  fs::remove(folder / "mesh/services/price.yaml");
  put("mesh.yaml", "looked at");
  CHECK(until([&] { return heard.value("mesh.yaml") == "looked at"; }));
  put("services/price.yaml", "back");
  CHECK(until([&] { return heard.value("services/price.yaml") == "back"; }));
  CHECK(heard.changed == Keys{"mesh.yaml", "services/price.yaml"});
}

TEST_CASE_FIXTURE(Fixture, "a touch is no change") {
  start_and_sync();
  put("mesh.yaml", "mesh");
  put("services/price.yaml", "another");
  CHECK(until([&] { return !heard.changed.empty(); }));
  CHECK(heard.changed == Keys{"services/price.yaml"});
}

TEST_CASE_FIXTURE(Fixture, "a whole folder is switched behind a symlink") {
  fs::create_directories(folder / "next/services");
  folder.put("next/mesh.yaml", "next mesh");
  folder.put("next/services/stock.yaml", "stock");
  fs::create_symlink("mesh", folder / "now");
  store = std::make_unique<DirectoryStore>(loop.scheduler(), events, folder / "now");
  REQUIRE(store->start(heard));
  REQUIRE(until([&] { return heard.synced == 1; }));
  fs::create_symlink("next", folder / "then");
  fs::rename(folder / "then", folder / "now");
  CHECK(until([&] { return heard.keys() == Keys{"mesh.yaml", "services/stock.yaml"}; }));
  CHECK(heard.value("mesh.yaml") == "next mesh");
  CHECK(heard.away.empty());
}

TEST_CASE_FIXTURE(Fixture, "a folder that is not there, comes, goes and comes back") {
  fs::rename(folder / "mesh", folder / "elsewhere");
  start();
  CHECK(until([&] { return !heard.away.empty(); }));
  CHECK(heard.away.back() == (folder / "mesh") + ": no such file or directory");
  CHECK(heard.synced == 0);
  write({.key = "status/price/a", .value = "1"});
  CHECK(outcomes.all.back() == StoreOutcome::kFailed);
  CHECK(outcomes.whys.back() == heard.away.back());

  fs::rename(folder / "elsewhere", folder / "mesh");
  CHECK(until([&] { return heard.synced == 1; }));
  CHECK(heard.away.back().empty());
  fs::rename(folder / "mesh", folder / "elsewhere");
  CHECK(until([&] { return heard.away.size() == 3; }));
  CHECK(heard.keys() == Keys{"mesh.yaml", "services/price.yaml"});
  folder.put("elsewhere/mesh.yaml", "changed meanwhile");
  fs::rename(folder / "elsewhere", folder / "mesh");
  CHECK(until([&] { return heard.value("mesh.yaml") == "changed meanwhile"; }));
  CHECK(heard.away.size() == 4);
  CHECK(heard.away.back().empty());
  CHECK(heard.synced == 1);
}

TEST_CASE_FIXTURE(Fixture, "a document that cannot be read is told as such, and mended") {
  put("services/price.yaml", std::string(kMaxDocument + 1, '#'));
  start_and_sync();
  CHECK(heard.entries["services/price.yaml"].error == "is larger than 4 MiB");
  put("services/price.yaml", "small");
  CHECK(until([&] { return heard.value("services/price.yaml") == "small"; }));
  CHECK(heard.entries["services/price.yaml"].error == "");
}

TEST_CASE_FIXTURE(Fixture, "writes are conditional, told, and there after a restart") {
  start_and_sync();
  const auto revision = [&] { return heard.entries["instances/price/a"].revision; };
  struct Row {
    std::optional<std::string> value;
    If condition;
    bool current;  // the revision that is named
    StoreOutcome outcome;
    const char* left;
  };
  for (const Row& row : {
           Row{"0", If::kRevision, true, StoreOutcome::kConflict, ""},
           Row{"1", If::kAbsent, false, StoreOutcome::kDone, "1"},
           Row{"2", If::kAbsent, false, StoreOutcome::kConflict, "1"},
           Row{"3", If::kRevision, false, StoreOutcome::kConflict, "1"},
           Row{"4", If::kRevision, true, StoreOutcome::kDone, "4"},
           Row{{}, If::kRevision, false, StoreOutcome::kConflict, "4"},
           Row{{}, If::kRevision, true, StoreOutcome::kDone, ""},
           Row{{}, If::kAlways, false, StoreOutcome::kDone, ""},
           Row{"5", If::kAlways, false, StoreOutcome::kDone, "5"},
           Row{"6", If::kAlways, false, StoreOutcome::kDone, "6"},
       }) {
    CAPTURE(row.left);
    write({.key = "instances/price/a",
           .value = row.value,
           .condition = row.condition,
           .revision = row.current ? revision() : revision() + 1000});
    CHECK(outcomes.all.back() == row.outcome);
    CHECK(heard.value("instances/price/a") == row.left);
  }
  CHECK(heard.grows);

  heard = {};
  start_and_sync();
  CHECK(heard.value("instances/price/a") == "6");
  CHECK(heard.keys() == Keys{"instances/price/a", "mesh.yaml", "services/price.yaml"});
}

TEST_CASE_FIXTURE(Fixture, "documents are only read, and a record that cannot be kept says why") {
  start_and_sync();
  for (const char* key : {"mesh.yaml", "services/price.yaml", "discovered/price", "other"}) {
    write({.key = key, .value = "x"});
    CHECK(outcomes.all.back() == StoreOutcome::kFailed);
    CHECK(outcomes.whys.back() == std::string(key) + " is only read");
  }
  put(".woad", "a file where the folder should be");
  write({.key = "status/price/a", .value = "1"});
  CHECK(outcomes.all.back() == StoreOutcome::kFailed);
  CHECK(outcomes.whys.back().find("/.woad/status: ") != std::string::npos);
  CHECK(heard.value("status/price/a") == "");
}

TEST_CASE_FIXTURE(Fixture, "records that cannot be read are not forgotten") {
  put(".woad", "a file where the folder should be");
  start();
  CHECK(until([&] { return !heard.away.empty(); }));
  CHECK(heard.synced == 0);
  fs::remove(folder / "mesh/.woad");
  CHECK(until([&] { return heard.synced == 1; }));
  CHECK(heard.keys() == Keys{"mesh.yaml", "services/price.yaml"});
}

}  // namespace
}  // namespace woad::control::test
