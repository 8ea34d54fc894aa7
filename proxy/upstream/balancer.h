// The balancing policies: which endpoint of a pool gets the next try.
//
// least_request: the better of two random choices by load for its weight ("power of two choices",
// Mitzenmacher 2001), with all endpoints looked at when there are few. round_robin: in turn, by
// weight. random: by weight. What the caller does not accept is passed over, and its share goes to
// the others.
#pragma once

#include "proxy/base/function_ref.h"
#include "proxy/base/random.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

using Accept = FunctionRef<bool(const Endpoint&)>;

// An endpoint with an address that `accept` takes; nullptr when the pool has none.
const Endpoint* pick(LivePool& pool, BalancerPolicy policy, Random& random, Accept accept);

}  // namespace woad
