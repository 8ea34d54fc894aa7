#include "proxy/upstream/locality.h"

namespace woad {

double near_share(const Pool& pool, double spill_below, Accept accept) {
  const double enough = spill_below * static_cast<double>(pool.near.total_weight);
  double able = 0;
  for (size_t i = pool.near.first; i < pool.near.first + pool.near.count; ++i) {
    const Endpoint& endpoint = pool.endpoints[i];
    if (!may_be_asked(endpoint, accept)) continue;
    able += endpoint.weight;
    if (able >= enough) return 1;
  }
  return able == 0 ? 0 : able / enough;
}

}  // namespace woad
