// Where a request goes, and with which settings of the filters: chosen once for each exchange.
#pragma once

#include "proxy/snapshot/snapshot.h"

namespace woad {

struct RouteChoice {
  const ServiceEntry* service = nullptr;  // nullptr: none, or the route answers by itself
  const Route* route = nullptr;           // nullptr: the host decided
  const FilterSlots* settings = nullptr;  // route over service over chain
};

// Of a request of the app. `random` decides between the targets of a route, by weight.
RouteChoice choose_route(const Snapshot& snapshot, const MatchInput& input, Random& random);

}  // namespace woad
