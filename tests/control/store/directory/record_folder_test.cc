#include "proxy/control/store/directory/record_folder.h"

#include <doctest/doctest.h>

#include "tests/support/folder.h"

namespace woad::control {
namespace {

namespace fs = std::filesystem;
using woad::test::Folder;
using Records = std::map<std::string, std::string>;

TEST_CASE("what was put is read again, whatever its name, and nothing leaves the folder") {
  const Folder folder;
  const RecordFolder records(folder / ".woad");
  Records put;
  for (const char* key :
       {"instances/price/pod-1", "instances/price/..", "instances/../../up", "status/price/a b",
        "status/price/.hidden", "status/price/a.record", "status/price", "rollouts/\xc3\xa9\n%2E",
        "rollouts/a//b", "rollouts/x.record.AbCdEf", "rollouts/a%20b", "rollouts/A",
        "rollouts/a"}) {
    put[key] = std::string("text of ") + key;
    CHECK(records.put(key, put[key]));
  }
  Result<Records> read = records.read();
  REQUIRE(read);
  // Slashes in a row are one in a path, and keys of ours have none.
  put["rollouts/a/b"] = put["rollouts/a//b"];
  put.erase("rollouts/a//b");
  CHECK(*read == put);
  for (const auto& each : fs::directory_iterator(folder.path)) {
    CHECK(each.path().filename() == ".woad");
  }
}

TEST_CASE("a name may be as long as a key, and its neighbours stay apart") {
  const Folder folder;
  const RecordFolder records(folder / ".woad");
  Records put;
  for (const size_t length : {199U, 200U, 201U, 253U, 400U, 1000U}) {
    for (const char* end : {"", ".", "/x", "\xc3\xa9"}) {
      const std::string key = "instances/price/" + std::string(length, 'a') + end;
      put[key] = key;
      CHECK(records.put(key, key));
    }
  }
  CHECK(*records.read() == put);
  for (const auto& [key, text] : put) CHECK(records.remove(key));
  CHECK(records.read()->empty());
}

TEST_CASE("a record is replaced, and removed") {
  const Folder folder;
  const RecordFolder records(folder / ".woad");
  CHECK(records.read()->empty());
  CHECK(records.remove("status/price/a"));
  CHECK(records.put("status/price/a", "1"));
  CHECK(records.put("status/price/a", "2"));
  CHECK(*records.read() == Records{{"status/price/a", "2"}});
  CHECK(records.remove("status/price/a"));
  CHECK(records.read()->empty());
}

TEST_CASE("what a writer left behind when it died is no record, and git sees none of it") {
  const Folder folder;
  const RecordFolder records(folder / ".woad");
  CHECK(records.put("status/price/a", "1"));
  folder.put(".woad/status/price/a.record.AbCdEf", "half");
  CHECK(*records.read() == Records{{"status/price/a", "1"}});
  std::ifstream ignored(folder / ".woad/.gitignore");
  CHECK(std::string(std::istreambuf_iterator<char>(ignored), {}) == "*\n");
}

TEST_CASE("errors name the file") {
  const Folder folder;
  folder.put(".woad", "a file where the folder should be");
  const RecordFolder records(folder / ".woad");
  const Result<void> put = records.put("status/price/a", "1");
  REQUIRE(!put);
  CHECK(put.error().message.find(folder / ".woad/status") == 0);
  CHECK(!records.read());
}

}  // namespace
}  // namespace woad::control
