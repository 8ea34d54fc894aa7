#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "proxy/base/whole_file.h"
#include "proxy/net/socket.h"
#include "proxy/net/tls/material.h"

namespace woad {
namespace {

constexpr const char* kSystemRoots[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

}  // namespace

Result<PemText> read_pem_file(const std::string& path) {
  // O_NONBLOCK: a pipe by that name must not stop us before it is refused.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return Error{path + ": " + error_words(errno)};
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error{path + ": is not a regular file"};
  }
  std::optional<FileText> read = read_whole(file.get(), kMaxPemFile + 1);
  if (!read) return Error{path + ": " + error_words(errno)};
  if (read->text.size() > kMaxPemFile) return Error{path + ": is larger than 1 MiB"};
  return PemText{path, std::move(read->text), read->whole, read->identity};
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
