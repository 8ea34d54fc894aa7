#include "proxy/net/file_watch.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "proxy/base/whole_file.h"
#include "tests/net/harness.h"
#include "tests/support/folder.h"

namespace woad::test {
namespace {

namespace fs = std::filesystem;

void put(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As if no inotify instance were left.
std::unique_ptr<FileEvents> no_events(Loop& loop) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{0, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto events = std::make_unique<FileEvents>(loop);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return events;
}

struct Fixture {
  std::unique_ptr<FileWatch> watch(const std::string& path,
                                   FileWatch::Gone gone = FileWatch::Gone::kNoChange) {
    return std::make_unique<FileWatch>(
        loop.scheduler(), *events, path, [this, path] { told.push_back(text_of(path)); }, gone);
  }
  // Lets `change` happen while the watch runs; true when it is told within the deadline.
  template <class F>
  bool tells(F&& change) {
    const size_t before = told.size();
    change();
    return run_until(loop, [&] { return told.size() > before; });
  }
  // Until what the kernel has told so far has been dealt with: its queue is in order.
  void deal_with_events() {
    bool seen = false;
    const auto marker = events->of_folder(beside.path.string(), [&](auto) { seen = true; });
    REQUIRE(marker->alive());
    put(beside / ("marker" + std::to_string(++markers)), "");
    REQUIRE(run_until(loop, [&] { return seen; }));
    loop.scheduler().end_turn();
  }
  void pass(Duration time) {
    Scheduler& scheduler = loop.scheduler();
    scheduler.advance(scheduler.now() + time + milliseconds(10));
    scheduler.end_turn();
  }

  Folder folder;
  Folder beside;
  Loop loop;
  std::unique_ptr<FileEvents> events = std::make_unique<FileEvents>(loop);
  std::vector<std::string> told;  // what the file held then
  int markers = 0;
};

using Texts = std::vector<std::string>;

TEST_CASE_FIXTURE(Fixture, "a file that is edited in place or replaced by a rename") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  CHECK(tells([&] { put(file, "edited"); }));
  CHECK(tells([&] {
    put(folder / "woad.yaml.tmp", "renamed");
    fs::rename(folder / "woad.yaml.tmp", file);
  }));
  CHECK(tells([&] { put(file, "edited after the rename"); }));
  CHECK(told == Texts{"edited", "renamed", "edited after the rename"});
}

TEST_CASE_FIXTURE(Fixture, "half a file is not told, its writer's close is") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  std::ofstream writer(file, std::ios::trunc);
  for (const char* piece : {"a ", "file ", "in ", "pieces"}) {
    writer << piece << std::flush;
    deal_with_events();
    pass(FileWatch::kPoll);
  }
  CHECK(told.empty());
  CHECK(tells([&] { writer.close(); }));
  CHECK(told == Texts{"a file in pieces"});
}

TEST_CASE_FIXTURE(Fixture, "a new file that is renamed to its place before its writer closes it") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  std::ofstream writer(folder / "tmp");
  writer << "half" << std::flush;
  fs::rename(folder / "tmp", file);
  deal_with_events();
  CHECK(told.empty());
  CHECK(tells([&] {
    writer << " and half";
    writer.close();
  }));
  CHECK(told == Texts{"half and half"});
}

TEST_CASE_FIXTURE(Fixture, "two writers: the last one's close") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  std::ofstream first(file, std::ios::app);
  std::ofstream second(file, std::ios::app);
  first << " two" << std::flush;
  first.close();
  deal_with_events();
  CHECK(told.empty());
  CHECK(tells([&] { second.close(); }));
  CHECK(told == Texts{"one two"});
}

TEST_CASE_FIXTURE(Fixture,
                  "a file that was left open is told when nothing happened to it for long") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  std::ofstream writer(file, std::ios::trunc);
  writer << "whole, but open" << std::flush;
  deal_with_events();
  pass(kAbandoned - seconds(5));
  CHECK(told.empty());
  pass(seconds(5));
  CHECK(told == Texts{"whole, but open"});
}

TEST_CASE_FIXTURE(Fixture, "steps of one turn are told once; neighbours are not told") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  CHECK(tells([&] {
    put(file, "");
    put(file, "two");
    put(folder / "other", "x");
  }));
  put(folder / "other", "yy");
  deal_with_events();
  CHECK(told == Texts{"two"});
}

TEST_CASE_FIXTURE(Fixture, "an edit that keeps size and time") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  struct stat info {};
  ::stat(file.c_str(), &info);
  const auto watching = watch(file);
  const auto edit = [&](std::string_view text) {
    put(file, text);
    const timespec times[] = {info.st_atim, info.st_mtim};
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);
  };
  CHECK(tells([&] { edit("two"); }));
  CHECK(tells([&] { edit("six"); }));
  CHECK(told.back() == "six");
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
    CHECK(tells([&] { publish(version); }));
  }
  CHECK(told == Texts{"..v2", "..v3", "..v4"});
}

TEST_CASE_FIXTURE(Fixture, "a file that goes is no change; its return is") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  fs::remove(file);
  deal_with_events();
  CHECK(told.empty());
  CHECK(tells([&] { put(file, "back"); }));
}

TEST_CASE_FIXTURE(Fixture, "a file that goes is a change where that was asked for") {
  const std::string file = folder / "tls.key";
  put(file, "one");
  const auto watching = watch(file, FileWatch::Gone::kChange);
  fs::remove(file);
  deal_with_events();
  CHECK(told.empty());
  pass(FileWatch::kPoll);
  CHECK(told == Texts{""});
  pass(FileWatch::kPoll);
  CHECK(told == Texts{""});
  CHECK(tells([&] { put(file, "back"); }));
  CHECK(told.back() == "back");
}

TEST_CASE_FIXTURE(Fixture, "a file that is taken away before the new one is there is not gone") {
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file, FileWatch::Gone::kChange);
  for (const char* text : {"two", "three"}) {
    fs::rename(file, beside / "backup");
    deal_with_events();
    pass(FileWatch::kPoll / 2);
    CHECK(tells([&] { put(file, text); }));
    deal_with_events();
    pass(FileWatch::kPoll);
  }
  CHECK(told == Texts{"two", "three"});
}

TEST_CASE_FIXTURE(Fixture, "a folder that is removed and made again, by the poll") {
  const std::string inner = folder / "inner";
  fs::create_directory(inner);
  const std::string file = inner + "/woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  fs::remove_all(inner);
  deal_with_events();
  fs::create_directory(inner);
  put(file, "another");
  pass(FileWatch::kPoll);
  CHECK(told == Texts{"another"});
  // The new folder is watched: no further poll is needed.
  CHECK(tells([&] { put(file, "and edited"); }));
}

TEST_CASE_FIXTURE(Fixture, "a symlink to another folder; the callback may stop it") {
  put(beside / "real", "one");
  fs::create_symlink(beside / "real", folder / "woad.yaml");
  std::unique_ptr<FileWatch> watching;
  bool stopped = false;
  watching = std::make_unique<FileWatch>(loop.scheduler(), *events, folder / "woad.yaml", [&] {
    watching.reset();
    stopped = true;
  });
  put(beside / "real", "edited");
  CHECK(run_until(loop, [&] { return stopped; }));
  CHECK(watching == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a change between the reading and the watch") {
  const std::string file = folder / "tls.crt";
  put(file, "one");
  const std::optional<FileIdentity> read = look_at(file);
  put(folder / "tmp", "two");
  fs::rename(folder / "tmp", file);
  const FileWatch watching(
      loop.scheduler(), *events, file, [&] { told.push_back(text_of(file)); },
      FileWatch::Gone::kChange, read);
  CHECK(told.empty());
  loop.scheduler().end_turn();
  CHECK(told == Texts{"two"});
}

TEST_CASE_FIXTURE(Fixture, "several watches of one file, one of which ends") {
  const std::string file = folder / "ca.crt";
  put(file, "one");
  const auto stays = watch(file);
  {
    const auto ends = watch(file);
    CHECK(tells([&] { put(file, "two"); }));
    deal_with_events();
    CHECK(told == Texts{"two", "two"});
  }
  CHECK(tells([&] { put(file, "three"); }));
  deal_with_events();
  CHECK(told == Texts{"two", "two", "three"});
}

TEST_CASE_FIXTURE(Fixture,
                  "without notification the polls do it, and wait for the writer as well") {
  events = no_events(loop);
  const std::string file = folder / "woad.yaml";
  put(file, "one");
  const auto watching = watch(file);
  put(file, "edited");
  CHECK(told.empty());
  pass(FileWatch::kPoll);
  CHECK(told == Texts{"edited"});
  std::ofstream writer(file, std::ios::trunc);
  writer << "half" << std::flush;
  pass(FileWatch::kPoll);
  pass(FileWatch::kPoll);
  CHECK(told.size() == 1);
  writer << " and half";
  writer.close();
  pass(FileWatch::kPollWriting);
  CHECK(told.back() == "half and half");
}

}  // namespace
}  // namespace woad::test
