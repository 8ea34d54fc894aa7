// The balancing policies: which endpoint of a pool gets the next try.
//
// least_request: the better of two random choices by load for its weight ("power of two choices",
// Mitzenmacher 2001), with all endpoints looked at when there are few. peak_ewma: the same by how
// long answers take, times the load. round_robin: in turn, by weight. random: by weight. ring_hash:
// the endpoint that the request's key belongs to, see by_key() in balancer.cc. What the caller does
// not accept is passed over, and its share goes to the others.
#pragma once

#include <optional>

#include "proxy/base/function_ref.h"
#include "proxy/base/random.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

using Accept = FunctionRef<bool(const Endpoint&)>;

// What a pick goes by.
struct PickBy {
  // NOLINTNEXTLINE(google-explicit-constructor): most picks go by the policy alone
  PickBy(BalancerPolicy by, std::optional<uint64_t> of_request = std::nullopt)
      : policy(by), key(of_request) {}

  BalancerPolicy policy;
  std::optional<uint64_t> key;  // ring_hash: of the request (Affinity); nothing: as random
};

// An endpoint with an address that `accept` takes; nullptr when the pool has none.
const Endpoint* pick(LivePool& pool, const PickBy& by, Random& random, Accept accept);

}  // namespace woad
