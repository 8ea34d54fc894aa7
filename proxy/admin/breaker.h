// POST /breaker: the breaker of a pool put into a state by hand, for drills.
#pragma once

#include <string_view>

#include "proxy/snapshot/snapshot.h"
#include "proxy/web/handler.h"

namespace woad {

// As `query` says: service, pool (left out: base) and state, which is open, closed or auto. It
// holds for all workers, over reloads, until it is auto again.
WebResponse force_breaker(const Snapshot& snapshot, std::string_view query);

}  // namespace woad
