// How the endpoints of a pool are, counted: one rule for pages, metrics and refusals.
#pragma once

#include <cstddef>

#include "proxy/upstream/service.h"

namespace woad {

// Each endpoint once, by the first of these that is true of it.
struct Census {
  size_t unhealthy = 0;    // failed its health check
  size_t suspect = 0;      // left its set with most of the others (snapshot/suspects.h)
  size_t ejected = 0;      // put out for its answers
  size_t unreachable = 0;  // its name has no address, or other addresses that can be connected to
  size_t well = 0;
};

Census census_of(const Pool& pool, MonoTime now);

// Whether it is there for connections: it has an address, and is not passed over for another one.
bool is_reachable(const Pool& pool, const Endpoint& endpoint, MonoTime now);

}  // namespace woad
