#include "proxy/net/tcp_info.h"

#include <linux/sockios.h>
#include <linux/tcp.h>  // the kernel's own: glibc's <netinet/tcp.h> stops before the byte counts
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

namespace woad {

std::optional<uint64_t> acknowledged_bytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) {
    return std::nullopt;
  }
  return info.tcpi_bytes_acked;
}

std::optional<uint64_t> unacknowledged_bytes(int socket) {
  int count = 0;
  if (ioctl(socket, SIOCOUTQ, &count) != 0 || count < 0) return std::nullopt;
  return static_cast<uint64_t>(count);
}

}  // namespace woad
