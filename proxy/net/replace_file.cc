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

Error failed(const std::string& path) { return Error{path + ": " + error_words(errno)}; }

Result<void> sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0) return failed(folder);
  return {};
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string draft = path + "." + std::string(6, 'X');  // mkostemp() puts letters there
  const Fd file(::mkostemp(draft.data(), O_CLOEXEC));    // of mode 0600
  if (!file.valid()) return failed(path);
  if (write_all(file.get(), text) && ::fchmod(file.get(), mode) == 0 &&
      ::rename(draft.c_str(), path.c_str()) == 0) {
    return {};
  }
  const int error = errno;
  ::unlink(draft.c_str());
  return Error{path + ": " + error_words(error)};
}

Result<void> write_durably(const std::string& path, std::string_view text, mode_t mode) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file.valid() || !write_all(file.get(), text) || ::fchmod(file.get(), mode) != 0 ||
      ::fsync(file.get()) != 0) {
    return failed(path);
  }
  return {};
}

Result<void> rename_durably(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(to);
  return sync_folder_of(to);
}

Result<void> remove_durably(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return errno == ENOENT ? Result<void>() : failed(path);
  return sync_folder_of(path);
}

}  // namespace woad
