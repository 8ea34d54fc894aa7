#include "proxy/base/whole_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/folder.h"

namespace woad::test {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    REQUIRE(fd_ >= 0);
  }
  ~Reader() { ::close(fd_); }
  FileText read(size_t most = 1 << 20) {
    const std::optional<FileText> text = read_whole(fd_, most);
    REQUIRE(text);
    return *text;
  }

 private:
  int fd_;
};

TEST_CASE("whole file: when a file counts as being written") {
  constexpr WallTime kNow{hours(500'000)};
  struct Case {
    Writers writers;
    Duration untouched;
    bool being_written;
  };
  constexpr Duration kTick = milliseconds(1);
  const Case cases[] = {
      {Writers::kNone, Duration(0), false},
      {Writers::kSome, Duration(0), true},
      {Writers::kSome, kAbandoned - kTick, true},
      {Writers::kSome, kAbandoned, false},
      {Writers::kUnknown, Duration(0), true},
      {Writers::kUnknown, kQuiet - kTick, true},
      {Writers::kUnknown, kQuiet, false},
      // By clocks that differ.
      {Writers::kSome, -kTick, true},
      {Writers::kSome, -hours(1), false},
      {Writers::kUnknown, -hours(1), false},
  };
  for (const Case& each : cases) {
    CAPTURE(static_cast<int>(each.writers));
    CAPTURE(each.untouched.count());
    CHECK(is_being_written(each.writers, kNow - each.untouched, kNow) == each.being_written);
  }
}

TEST_CASE("whole file: open for writing, closed, cut") {
  const Folder folder;
  const std::string path = folder / "file";
  std::ofstream writer(path);
  writer << "half" << std::flush;
  CHECK(writers_of(path) == Writers::kSome);
  Reader reader(path);
  FileText text = reader.read();
  CHECK(text.text == "half");
  CHECK_FALSE(text.whole);
  writer << " and half";
  writer.close();
  CHECK(writers_of(path) == Writers::kNone);
  text = Reader(path).read();
  CHECK(text.text == "half and half");
  CHECK(text.whole);
  CHECK(Reader(path).read(6).text == "half a");
  const std::string large(300'000, 'x');
  folder.put("large", large);
  CHECK(Reader(folder / "large").read().text == large);
}

TEST_CASE("whole file: what is no file has no writers, and nobody waits for it") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(writers_of(folder / "pipe") == Writers::kNone);
  CHECK(writers_of(folder / "nothing") == Writers::kNone);
  CHECK(writers_of(folder.path.string()) == Writers::kNone);
  CHECK_FALSE(look_at(folder / "nothing"));
}

TEST_CASE("whole file: an edit that keeps size and time is another state") {
  const Folder folder;
  const std::string path = folder.put("file", "one");
  const std::optional<FileIdentity> before = look_at(path);
  REQUIRE(before);
  CHECK(look_at(path) == before);
  struct stat info {};
  ::stat(path.c_str(), &info);
  // Times are as coarse as the kernel's tick.
  do {
    folder.put("file", "two");
    const timespec times[] = {info.st_atim, info.st_mtim};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
  } while (look_at(path) == before);
  CHECK(look_at(path)->size == before->size);
  CHECK(look_at(path)->modified == before->modified);
  CHECK(look_at(path)->inode == before->inode);
}

}  // namespace
}  // namespace woad::test
