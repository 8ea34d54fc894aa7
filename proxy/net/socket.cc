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

}  // namespace

Result<Fd> listen_tcp(const Address& address, int backlog) {
  const auto failed = [&](const char* what) {
    const int error = errno;
    return Error{"cannot " + std::string(what) + " " + address.to_string() + ": " +
                 error_words(error)};
  };
  const int family = address.raw()->sa_family;
  Fd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return failed("open a socket for");
  if (!set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR) ||
      !set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT)) {
    return failed("share");
  }
  // [::] takes IPv6 alone, so that 0.0.0.0 can be bound beside it.
  if (family == AF_INET6 && !set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY)) return failed("bind");
  // Accepted sockets inherit it, which saves a system call a connection.
  if (!set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY)) return failed("set up");
  skip_pacing(fd.get(), address);
  if (bind(fd.get(), address.raw(), address.raw_size()) != 0) return failed("listen on");
  if (listen(fd.get(), backlog) != 0) return failed("listen on");
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
  const int on = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(probe.get(), address.raw(), address.raw_size()) == 0) return {};
  return Error{"cannot listen on " + address.to_string() + ": " + error_words(errno)};
}

Address local_address(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return Address(raw);
}

}  // namespace woad
