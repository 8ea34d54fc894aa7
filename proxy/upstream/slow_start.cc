#include "proxy/upstream/slow_start.h"

#include <algorithm>
#include <unordered_map>

#include "proxy/upstream/service.h"

namespace woad {

double share_of_picks(MonoTime joined, MonoTime now) {
  if (!starts_slowly(joined, now)) return 1;
  using Count = std::chrono::duration<double>;
  return std::max(kFirstShare, Count(now - joined) / Count(kSlowStart));
}

void note_joined(Pool& pool, const Pool& before, MonoTime now) {
  std::unordered_map<uint64_t, MonoTime> known;
  for (const Endpoint& endpoint : before.endpoints) {
    if (endpoint.address.valid()) known.emplace(endpoint.hash, endpoint.joined);
  }
  const auto is_known = [&](const Endpoint& endpoint) { return known.contains(endpoint.hash); };
  if (std::none_of(pool.endpoints.begin(), pool.endpoints.end(), is_known)) return;
  for (Endpoint& endpoint : pool.endpoints) {
    const auto found = known.find(endpoint.hash);
    endpoint.joined = found == known.end() ? now : found->second;
    pool.last_join = std::max(pool.last_join, endpoint.joined);
  }
}

}  // namespace woad
