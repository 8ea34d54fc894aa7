#include "filters/access_log/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace woad {
namespace {

constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
constexpr mode_t kMode = 0640;

}  // namespace

LogFile::LogFile(const std::string& path) {
  if (path == "/dev/stdout") {
    adopt_standard(STDOUT_FILENO);
  } else if (path == "/dev/stderr") {
    adopt_standard(STDERR_FILENO);
  } else {
    fd_ = open(path.c_str(), kFlags | O_CREAT, kMode);
  }
}

LogFile::~LogFile() {
  if (fd_ >= 0) close(fd_);
}

// O_NONBLOCK belongs to the open file, which others may share (a shell, the process log): a pipe is
// opened anew, so that theirs stays as it is. A regular file never blocks, and shares its offset
// with the others only when it is the same open file.
void LogFile::adopt_standard(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode)) {
    fd_ = open(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), kFlags);
    if (fd_ >= 0) return;
  }
  fd_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  may_block_ = !S_ISREG(status.st_mode);
}

bool LogFile::has_room() const {
  pollfd asked{fd_, POLLOUT, 0};
  return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

void LogFile::write(std::string_view line) {
  if (may_block_ && !has_room()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  // A newline closes the torn line, so that it spoils no other.
  const bool torn =
      torn_.load(std::memory_order_relaxed) && torn_.exchange(false, std::memory_order_relaxed);
  ssize_t written = 0;
  do {
    if (torn) {
      const iovec pieces[] = {{const_cast<char*>("\n"), 1},
                              {const_cast<char*>(line.data()), line.size()}};
      written = writev(fd_, pieces, 2);
    } else {
      written = ::write(fd_, line.data(), line.size());
    }
  } while (written < 0 && errno == EINTR);
  const size_t whole = line.size() + (torn ? 1 : 0);
  if (written == static_cast<ssize_t>(whole)) return;
  dropped_.fetch_add(1, std::memory_order_relaxed);
  if (written > 0 || torn) torn_.store(true, std::memory_order_relaxed);
}

}  // namespace woad
