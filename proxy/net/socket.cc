#include "proxy/net/socket.h"

#include <netinet/tcp.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

namespace woad {

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string error_words(int error) {
  if (error == EPIPE) return "connection closed by peer";
  return uv_strerror(uv_translate_sys_error(error));
}

namespace {

bool set_flag(int fd, int level, int name) {
  const int on = 1;
  return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

// Binds as every address of ours is bound: [::] takes IPv6 alone, so that 0.0.0.0 fits beside it.
bool bind_to(int fd, const Address& address) {
  const bool v6 = address.raw()->sa_family == AF_INET6;
  if (v6 && !set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY)) return false;
  return bind(fd, address.raw(), address.raw_size()) == 0;
}

Error failed(const char* what, const Address& address) {
  const int error = errno;
  return Error{"cannot " + std::string(what) + " " + address.to_string() + ": " +
               error_words(error)};
}

}  // namespace

Result<Fd> listen_tcp(const Address& address, int backlog) {
  Fd fd(socket(address.raw()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("open a socket for", address);
  if (!set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR) ||
      !set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT)) {
    return failed("share", address);
  }
  // Accepted sockets inherit it, which saves a system call a connection.
  if (!set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY)) return failed("set up", address);
  skip_pacing(fd.get(), address);
  if (!bind_to(fd.get(), address)) return failed("listen on", address);
  if (listen(fd.get(), backlog) != 0) return failed("listen on", address);
  return fd;
}

void skip_pacing(int fd, const Address& address) {
  constexpr std::string_view kCubic = "cubic";
  if (!address.is_loopback()) return;
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCubic.data(), kCubic.size());
}

int take_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Result<void> check_free(const Address& address) {
  const Fd probe(::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return failed("open a socket for", address);
  set_flag(probe.get(), SOL_SOCKET, SO_REUSEADDR);
  if (bind_to(probe.get(), address)) return {};
  return failed("listen on", address);
}

Address local_address(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return Address(raw);
}

}  // namespace woad
