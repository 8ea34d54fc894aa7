#include "proxy/member/local_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <sstream>

#include "tests/support/folder.h"

namespace woad {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

struct World {
  test::Folder folder;
  // What begins with "bad" does not load.
  LocalFile file{folder / "woad.yaml", [](const std::string& path) -> Result<LocalFile::Node> {
                   if (text_of(path).starts_with("bad")) return Error{path + ":1:1: is bad\n"};
                   return LocalFile::Node{"price", "price-1"};
                 }};
  bool has(const std::string& name) const { return std::filesystem::exists(folder / name); }
};

TEST_CASE("local file: what is there at the start") {
  World none;
  auto found = none.file.find();
  REQUIRE(found);
  CHECK_FALSE(found->text);
  CHECK(found->errors.empty());

  World good;
  good.folder.put("woad.yaml", "good");
  found = good.file.find();
  REQUIRE(found);
  CHECK(found->text == "good");
  CHECK(found->node.service == "price");

  World bad;
  bad.folder.put("woad.yaml", "bad");
  found = bad.file.find();
  REQUIRE(found);
  CHECK_FALSE(found->text);
  CHECK(found->errors.find("is bad") != std::string::npos);
  CHECK_FALSE(bad.has("woad.yaml"));
  CHECK(text_of(bad.folder / "woad.yaml.bad") == "bad");

  World folder;
  std::filesystem::create_directory(folder.folder / "woad.yaml");
  CHECK_FALSE(folder.file.find());
}

TEST_CASE("local file: replaced, and put back") {
  for (const bool was_there : {false, true}) {
    World world;
    if (was_there) world.folder.put("woad.yaml", "old");
    const auto outcome = world.file.install("new");
    const auto* const installed = std::get_if<LocalFile::Installed>(&outcome);
    REQUIRE(installed);
    CHECK(text_of(world.folder / "woad.yaml") == "new");
    CHECK_FALSE(world.has("woad.yaml.draft"));
    CHECK(world.file.put_back(*installed));
    CHECK(world.has("woad.yaml") == was_there);
    if (was_there) CHECK(text_of(world.folder / "woad.yaml") == "old");
  }
}

TEST_CASE("local file: what does not load replaces nothing, and is told of as the file itself") {
  World world;
  world.folder.put("woad.yaml", "old");
  const auto outcome = world.file.install("bad");
  const auto* const bad = std::get_if<LocalFile::Bad>(&outcome);
  REQUIRE(bad);
  CHECK(bad->errors == (world.folder / "woad.yaml") + ":1:1: is bad\n");
  CHECK(text_of(world.folder / "woad.yaml") == "old");
  CHECK_FALSE(world.has("woad.yaml.draft"));
}

TEST_CASE("local file: a folder that is not there") {
  const LocalFile file("/nonexistent/woad.yaml",
                       [](const std::string&) { return LocalFile::Node{}; });
  CHECK(file.find());
  const auto outcome = file.install("x");
  const auto* const none = std::get_if<LocalFile::NoPlace>(&outcome);
  REQUIRE(none);
  CHECK(none->why.starts_with("/nonexistent/woad.yaml"));
}

TEST_CASE("local file: of one that is larger than the disk nothing is left") {
  World world;
  world.folder.put("woad.yaml", "old");
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  struct rlimit small = before;
  small.rlim_cur = 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto outcome = world.file.install(std::string(2000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(std::holds_alternative<LocalFile::NoPlace>(outcome));
  CHECK(text_of(world.folder / "woad.yaml") == "old");
  CHECK_FALSE(world.has("woad.yaml.draft"));
}

}  // namespace
}  // namespace woad
