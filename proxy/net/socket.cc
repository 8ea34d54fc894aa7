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

Fd open_stream(const Address& address, int flags) {
  return Fd(socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

bool is_any_ipv6(const Address& address) {
  return address.raw()->sa_family == AF_INET6 && address.is_any();
}

Address served_at(const Address& address, AnyIPv6 any) {
  if (any == AnyIPv6::kAlone || !is_any_ipv6(address) || has_ipv6()) return address;
  return *Address::from_host("0.0.0.0", address.port());
}

bool bind_to(int fd, const Address& address, AnyIPv6 any) {
  const int alone = any == AnyIPv6::kAlone || !is_any_ipv6(address);
  if (address.raw()->sa_family == AF_INET6 &&
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &alone, sizeof alone) != 0) {
    return false;
  }
  return bind(fd, address.raw(), address.raw_size()) == 0;
}

Error failed(const char* what, const Address& address) {
  const int error = errno;
  return Error{"cannot " + std::string(what) + " " + address.to_string() + ": " +
               error_words(error)};
}

}  // namespace

Result<Fd> listen_tcp(const Address& wanted, AnyIPv6 any, Clients clients) {
  constexpr int kBacklog = 4096;
  const Address address = served_at(wanted, any);
  Fd fd = open_stream(address, SOCK_NONBLOCK);
  if (!fd.valid()) return failed("open a socket for", address);
  if (!set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR) ||
      !set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT)) {
    return failed("share", address);
  }
  // Accepted sockets inherit it, which saves a system call a connection.
  if (!set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY)) return failed("set up", address);
  if (clients == Clients::kHere || address.is_loopback()) skip_pacing(fd.get());
  if (!bind_to(fd.get(), address, any)) return failed("listen on", address);
  if (listen(fd.get(), kBacklog) != 0) return failed("listen on", address);
  return fd;
}

void skip_pacing(int fd) {
  constexpr std::string_view kReno = "reno";
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kReno.data(), kReno.size());
}

int take_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Result<void> check_free(const Address& wanted, AnyIPv6 any) {
  const Address address = served_at(wanted, any);
  const Fd probe = open_stream(address, 0);
  if (!probe.valid()) return failed("open a socket for", address);
  set_flag(probe.get(), SOL_SOCKET, SO_REUSEADDR);
  if (bind_to(probe.get(), address, any)) return {};
  return failed("listen on", address);
}

bool has_ipv6() {
  const Address loopback = *Address::from_host("::1", 0);
  const Fd probe = open_stream(loopback, 0);
  return probe.valid() && bind(probe.get(), loopback.raw(), loopback.raw_size()) == 0;
}

Address local_address(int fd) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return Address(raw);
}

}  // namespace woad
