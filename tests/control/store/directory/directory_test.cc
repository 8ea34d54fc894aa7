#include "proxy/control/store/directory/directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/support/folder.h"

namespace woad::control {
namespace {

namespace fs = std::filesystem;
using woad::test::Folder;

TEST_CASE("documents of a folder, and what is none") {
  const Folder folder;
  fs::create_directory(folder / "services");
  folder.put("mesh.yaml", "a: 1\n");
  folder.put("README.md", "none");
  folder.put("services/price.yaml", "b: 2\n");
  folder.put("services/No Name.yaml", "c: 3\n");
  folder.put("services/.#price.yaml", "of an editor");
  folder.put("services/price.yaml.orig", "of a merge");
  fs::create_symlink("nowhere", folder / "services/dangling.yaml");
  fs::create_symlink("price.yaml", folder / "services/linked.yaml");

  const Result<StoreEntries> read = read_directory(folder.path.string());
  REQUIRE(read);
  std::vector<std::string> told;
  for (const auto& [key, entry] : *read) {
    CHECK(entry.origin == key);
    CHECK(entry.error.empty());
    told.push_back(key + "=" + entry.value);
  }
  CHECK(told == std::vector<std::string>{"mesh.yaml=a: 1\n", "services/No Name.yaml=c: 3\n",
                                         "services/linked.yaml=b: 2\n",
                                         "services/price.yaml=b: 2\n"});
}

TEST_CASE("a document that cannot be read is an entry with an error") {
  const Folder folder;
  fs::create_directory(folder / "services");
  fs::create_directory(folder / "services/folder.yaml");
  REQUIRE(::mkfifo((folder / "services/pipe.yaml").c_str(), 0600) == 0);
  folder.put("services/huge.yaml", std::string(kMaxDocument + 1, '#'));
  folder.put("services/most.yaml", std::string(kMaxDocument, '#'));
  fs::create_symlink("loop.yaml", folder / "services/loop.yaml");

  const Result<StoreEntries> read = read_directory(folder.path.string());
  REQUIRE(read);
  const auto error = [&](const char* key) { return read->at(key).error; };
  CHECK(error("services/folder.yaml") == "is no file");
  CHECK(error("services/pipe.yaml") == "is no file");
  CHECK(error("services/huge.yaml") == "is larger than 4 MiB");
  CHECK(error("services/loop.yaml").find("cannot be read: ") == 0);
  CHECK(error("services/most.yaml") == "");
  CHECK(read->at("services/huge.yaml").value.empty());
  CHECK(read->at("services/most.yaml").value.size() == kMaxDocument);
}

TEST_CASE("a folder without services, an empty one, and one that is not there") {
  const Folder folder;
  CHECK(read_directory(folder.path.string())->empty());
  folder.put("mesh.yaml", "a: 1\n");
  CHECK(read_directory(folder.path.string())->size() == 1);
  const Result<StoreEntries> none = read_directory(folder / "none");
  REQUIRE(!none);
  CHECK(none.error().message == (folder / "none") + ": no such file or directory");
  folder.put("services", "a file");
  CHECK(!read_directory(folder.path.string()));
}

}  // namespace
}  // namespace woad::control
