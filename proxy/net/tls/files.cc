#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/net/socket.h"
#include "proxy/net/tls/material.h"

namespace woad {
namespace {

constexpr const char* kSystemRoots[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

// Reads until the end, or one byte more than is allowed: the size may change under our hands.
Result<std::string> read_all(int fd) {
  std::string text;
  char piece[16 * 1024];
  while (text.size() <= kMaxPemFile) {
    const ssize_t count = ::read(fd, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{error_words(errno)};
    if (count == 0) return text;
    text.append(piece, static_cast<size_t>(count));
  }
  return Error{"is larger than 1 MiB"};
}

}  // namespace

Result<PemText> read_pem_file(const std::string& path) {
  // O_NONBLOCK: a pipe by that name must not stop us before it is refused.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return Error{path + ": " + error_words(errno)};
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error{path + ": is not a regular file"};
  }
  Result<std::string> text = read_all(file.get());
  if (!text) return Error{path + ": " + text.error().message};
  return PemText{path, std::move(*text)};
}

Result<PemText> read_system_roots() {
  for (const char* const path : kSystemRoots) {
    Result<PemText> found = read_pem_file(path);
    if (found) return found;
  }
  return Error{std::string(kSystemRoots[0]) +
               ": no file with the system's roots; install ca-certificates, or name a file"};
}

}  // namespace woad
