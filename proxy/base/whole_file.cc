#include "proxy/base/whole_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace woad {
namespace {

WallTime wall_time(const timespec& time) {
  return WallTime(seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

FileIdentity identity_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, wall_time(info.st_mtim), wall_time(info.st_ctim)};
}

// A read lease is given only while nobody has the file open for writing (fcntl(2), F_SETLEASE). It
// is given back at once; who opens the file in between waits for that, and the signal that tells us
// so is one that does nothing.
Writers writers_of(int fd) {
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return Writers::kUnknown;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
    return errno == EAGAIN ? Writers::kSome : Writers::kUnknown;
  }
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return Writers::kNone;
}

}  // namespace

std::optional<FileIdentity> look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return identity_of(info);
}

Writers writers_of(const std::string& path) {
  // O_NONBLOCK: a pipe by that name must not stop us.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Writers::kNone;
  struct stat info {};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const Writers writers = regular ? writers_of(fd) : Writers::kNone;
  ::close(fd);
  return writers;
}

bool is_being_written(Writers writers, WallTime changed, WallTime now) {
  if (writers == Writers::kNone) return false;
  const Duration untouched = now < changed ? changed - now : now - changed;
  return untouched < (writers == Writers::kSome ? kAbandoned : kQuiet);
}

std::optional<FileText> read_whole(int fd, size_t most) {
  struct stat before {};
  struct stat after {};
  if (::fstat(fd, &before) != 0) return std::nullopt;
  FileText file;
  // One byte more than it has, so that its end is seen without room for twice of it.
  constexpr size_t kLeast = size_t{64} << 10;
  const auto size = static_cast<size_t>(std::max<off_t>(before.st_size, 0));
  file.text.resize(std::min(most, std::max(kLeast, size + 1)));
  size_t read = 0;
  while (read < most) {
    if (read == file.text.size()) file.text.resize(std::min(most, 2 * read));
    const ssize_t got = ::read(fd, file.text.data() + read, file.text.size() - read);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return std::nullopt;
    read += static_cast<size_t>(std::max<ssize_t>(got, 0));
  }
  file.text.resize(read);
  file.text.shrink_to_fit();  // of many small files, most of it would be room
  if (::fstat(fd, &after) != 0) return std::nullopt;
  file.identity = identity_of(before);
  if (S_ISREG(after.st_mode)) {
    const WallTime now = std::chrono::system_clock::now();
    file.whole = file.identity == identity_of(after) &&
                 !is_being_written(writers_of(fd), wall_time(after.st_ctim), now);
  }
  return file;
}

}  // namespace woad
