#include "proxy/net/original_destination.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <memory>

#include "proxy/net/socket.h"

namespace woad {
namespace {

// linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h, which do not stand beside
// netinet/in.h: both are 80.
constexpr int kOriginalDestination = 80;

}  // namespace

Address original_destination(int socket) {
  const Address local = local_address(socket);
  if (!local.valid()) return {};
  const int level = local.raw()->sa_family == AF_INET6 ? SOL_IPV6 : SOL_IP;
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (getsockopt(socket, level, kOriginalDestination, &raw, &size) != 0) return {};
  const Address original(raw);
  return original == local ? Address() : original;
}

bool is_own(const Address& address) {
  if (address.is_loopback()) return true;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const Address own(one->ifa_addr);
    if (own.valid() && own.host() == address.host()) return true;
  }
  return false;
}

}  // namespace woad
