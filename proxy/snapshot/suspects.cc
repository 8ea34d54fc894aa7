#include "proxy/snapshot/suspects.h"

#include <algorithm>

namespace woad {
namespace {

// Who stays of `before`, where `is_there` tells the members that are still there, `left` of them in
// all. Who was a suspect already keeps its time.
template <class IsThere>
std::vector<Endpoint> who_stays(std::span<const Endpoint* const> before, IsThere&& is_there,
                                size_t left, size_t least, MonoTime time) {
  const auto members =
      static_cast<size_t>(std::count_if(before.begin(), before.end(), [](const Endpoint* endpoint) {
        return !endpoint->suspect_until;
      }));
  const bool shrank = members >= least && 2 * left < members;
  std::vector<Endpoint> suspects;
  for (const Endpoint* endpoint : before) {
    if (is_there(*endpoint) || endpoint->is_over(time)) continue;
    if (!shrank && !endpoint->suspect_until) continue;
    Endpoint suspect = *endpoint;
    if (!suspect.suspect_until) suspect.suspect_until = time + kSuspected;
    if (!suspect.is_over(time)) suspects.push_back(std::move(suspect));
  }
  return suspects;
}

template <class Belongs>
std::vector<const Endpoint*> those(const Pool& pool, Belongs&& belongs) {
  std::vector<const Endpoint*> all;
  for (const Endpoint& endpoint : pool.endpoints) {
    if (endpoint.address.valid() && belongs(endpoint)) all.push_back(&endpoint);
  }
  return all;
}

}  // namespace

std::vector<Endpoint> suspects_of_name(const Pool& before, std::string_view name,
                                       std::span<const Address> now, MonoTime time) {
  const auto known = std::find(before.names.begin(), before.names.end(), name);
  if (known == before.names.end()) return {};  // it had one address, or is new
  const auto number = static_cast<uint32_t>(known - before.names.begin() + 1);
  const auto members =
      those(before, [&](const Endpoint& endpoint) { return endpoint.of_name == number; });
  const auto is_there = [&](const Endpoint& endpoint) {
    return std::find(now.begin(), now.end(), endpoint.address) != now.end();
  };
  return who_stays(members, is_there, now.size(), 1, time);
}

std::vector<Endpoint> suspects_as_written(const Pool& before, const Pool& now, MonoTime time) {
  const auto is_written = [](const Endpoint& endpoint) { return endpoint.of_name == 0; };
  const auto members = those(before, is_written);
  const auto left = those(now, is_written);
  const auto is_there = [&](const Endpoint& endpoint) {
    return std::any_of(left.begin(), left.end(),
                       [&](const Endpoint* other) { return other->address == endpoint.address; });
  };
  return who_stays(members, is_there, left.size(), kManyWritten, time);
}

void drop_moved_suspects(Service& service) {
  std::vector<Address> there;
  for (const Pool& pool : service.pools()) {
    for (const Endpoint& endpoint : pool.endpoints) {
      if (!endpoint.suspect_until) there.push_back(endpoint.address);
    }
  }
  const auto has_moved = [&](const Endpoint& endpoint) {
    return endpoint.suspect_until &&
           std::find(there.begin(), there.end(), endpoint.address) != there.end();
  };
  for (const Pool& pool : service.pools()) {
    std::erase_if(service.pool_for(pool.color, pool.tenant).endpoints, has_moved);
  }
}

}  // namespace woad
