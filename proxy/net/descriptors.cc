#include "proxy/net/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "proxy/net/socket.h"

namespace woad {
namespace {

rlimit current_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

}  // namespace

DescriptorShares DescriptorShares::of(uint64_t limit, int taken) {
  if (limit >= static_cast<uint64_t>(kAll)) return {};
  const auto all = static_cast<int>(limit);
  const int free = std::max(all - taken, 0);
  const int kept = std::clamp(free / 8, 4, 32);
  return {.clients = taken + std::max(free - kept, 2) / 2, .upstreams = all - kept};
}

int descriptors_in_use() {
  const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return next.get();
}

uint64_t descriptor_limit() { return current_limit().rlim_cur; }

uint64_t raise_descriptor_limit() {
  rlimit limit = current_limit();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return descriptor_limit();
}

}  // namespace woad
