#include "proxy/net/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "proxy/net/socket.h"

namespace woad {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string draft = path + "." + std::string(6, 'X');  // mkostemp() puts letters there
  const Fd file(::mkostemp(draft.data(), O_CLOEXEC));    // of mode 0600
  if (!file.valid()) return Error{path + ": " + error_words(errno)};
  if (write_all(file.get(), text) && ::fchmod(file.get(), mode) == 0 &&
      ::rename(draft.c_str(), path.c_str()) == 0) {
    return {};
  }
  const int error = errno;
  ::unlink(draft.c_str());
  return Error{path + ": " + error_words(error)};
}

}  // namespace woad
