#include "proxy/net/file_watch.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/net/harness.h"
#include "tests/support/folder.h"

namespace woad::test {
namespace {

namespace fs = std::filesystem;

void put(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

struct Fixture {
  // Lets `change` happen while the watch runs; true when it is told within the deadline.
  template <class F>
  bool told(F&& change) {
    const int before = changes;
    change();
    return run_until(loop, [&] { return changes > before; });
  }
  std::unique_ptr<FileWatch> watch(const std::string& path) {
    return std::make_unique<FileWatch>(loop, path, [this] { ++changes; });
  }

  Folder folder;
  Loop loop;
  int changes = 0;
};

TEST_CASE_FIXTURE(Fixture, "a file that is edited in place or replaced by a rename") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  CHECK(told([&] { put(file, "edited"); }));
  CHECK(told([&] {
    put(folder / "woad.yaml.tmp", "renamed");
    fs::rename(folder / "woad.yaml.tmp", file);
  }));
  CHECK(told([&] { put(file, "edited after the rename"); }));
  CHECK(changes == 3);
}

TEST_CASE_FIXTURE(Fixture, "steps that follow each other are told once; neighbours are not told") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  CHECK(told([&] {
    put(file, "");
    put(file, "two");
    put(folder / "other", "x");
  }));
  put(folder / "other", "yy");
  turns_in(loop, FileWatch::kSettle * 2);
  CHECK(changes == 1);
}

TEST_CASE_FIXTURE(Fixture, "the swap of a ConfigMap, again and again") {
  const auto publish = [&](const std::string& version) {
    fs::create_directory(folder / version);
    put((fs::path(folder / version) / "woad.yaml").string(), version);
    fs::create_symlink(version, folder / "..data_tmp");
    fs::rename(folder / "..data_tmp", folder / "..data");
  };
  publish("..v1");
  fs::create_symlink("..data/woad.yaml", folder / "woad.yaml");
  const auto watching = watch(folder / "woad.yaml");
  for (const char* version : {"..v2", "..v3", "..v4"}) {
    CHECK(told([&] { publish(version); }));
  }
  CHECK(changes == 3);
}

TEST_CASE_FIXTURE(Fixture, "a file that goes is no change; its return is") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  fs::remove(file);
  turns_in(loop, FileWatch::kSettle * 2);
  CHECK(changes == 0);
  CHECK(told([&] { put(file, "back"); }));
}

TEST_CASE_FIXTURE(Fixture, "a file that goes is a change where that was asked for") {
  const std::string file = folder / "tls.key";
  put(file, "one");
  const FileWatch watching(
      loop, file, [this] { ++changes; }, FileWatch::Gone::kChange);
  CHECK(told([&] { fs::remove(file); }));
  turns_in(loop, FileWatch::kSettle * 2);
  CHECK(changes == 1);
  CHECK(told([&] { put(file, "back"); }));
}

TEST_CASE_FIXTURE(Fixture, "a folder that is removed and made again, by the poll") {
  const std::string inner = folder / "inner";
  fs::create_directory(inner);
  const std::string file = inner + "/woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  fs::remove_all(inner);
  turns_in(loop, FileWatch::kSettle * 2);
  fs::create_directory(inner);
  put(file, "another");
  Scheduler& scheduler = loop.scheduler();
  scheduler.advance(scheduler.now() + FileWatch::kPoll + milliseconds(10));
  CHECK(changes == 1);
  // The new folder is watched: no further poll is needed.
  put(file, "and edited");
  REQUIRE(run_until(loop, [&] { return changes == 2; }));
}

TEST_CASE_FIXTURE(Fixture, "a symlink to another folder, by the poll; the callback may stop it") {
  Folder elsewhere;
  put(elsewhere / "real", "one");
  fs::create_symlink(elsewhere / "real", folder / "woad.yaml");
  std::unique_ptr<FileWatch> watching;
  watching = std::make_unique<FileWatch>(loop, folder / "woad.yaml", [&] {
    ++changes;
    watching.reset();
  });
  put(elsewhere / "real", "edited");
  Scheduler& scheduler = loop.scheduler();
  scheduler.advance(scheduler.now() + FileWatch::kPoll + milliseconds(10));
  CHECK(changes == 1);
  CHECK(watching == nullptr);
}

}  // namespace
}  // namespace woad::test
