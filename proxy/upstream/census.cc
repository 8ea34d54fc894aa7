#include "proxy/upstream/census.h"

#include "proxy/upstream/address_race.h"

namespace woad {
namespace {

size_t& place_of(Census& census, const Pool& pool, const Endpoint& endpoint, MonoTime now) {
  if (endpoint.unhealthy()) return census.unhealthy;
  if (endpoint.suspect_until) return census.suspect;
  if (endpoint.ejected()) return census.ejected;
  return is_reachable(pool, endpoint, now) ? census.well : census.unreachable;
}

}  // namespace

Census census_of(const Pool& pool, MonoTime now) {
  Census census;
  for (const Endpoint& endpoint : pool.endpoints) ++place_of(census, pool, endpoint, now);
  return census;
}

bool is_reachable(const Pool& pool, const Endpoint& endpoint, MonoTime now) {
  return endpoint.unresolved.empty() && !passed_over(pool, endpoint, now);
}

}  // namespace woad
