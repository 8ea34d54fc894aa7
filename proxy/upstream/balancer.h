// The balancing policies: which endpoint of a pool gets the next try.
//
// least_request: the better of two random choices by load for its weight ("power of two choices",
// Mitzenmacher 2001), with all endpoints looked at when there are few. peak_ewma: the same by how
// long answers take, times the load. round_robin: in turn, by weight. random: by weight. ring_hash:
// the endpoint that the request's key belongs to, see by_key() in balancer.cc. What the caller does
// not accept is passed over, and its share goes to the others.
//
// Where the service prefers some endpoints (`locality`), these are chosen among first, or the
// others, as near_share() says; the other part is for when nobody in the first one is accepted.
#pragma once

#include <optional>

#include "proxy/base/random.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

// How far a pick goes for its endpoint.
enum class Reach : uint8_t {
  kNearFirst,  // where the service prefers to
  kWholePool   // to all alike
};

// What a pick goes by.
struct PickBy {
  // NOLINTNEXTLINE(google-explicit-constructor): most picks go by the policy alone
  PickBy(BalancerPolicy by, std::optional<uint64_t> of_request = std::nullopt)
      : policy(by), key(of_request) {}

  BalancerPolicy policy;
  std::optional<uint64_t> key;  // ring_hash: of the request (Affinity); nothing: as random
  Reach reach = Reach::kNearFirst;
};

// The share of requests that stays near: all while endpoints of at least `spill_below` of near's
// weight may be asked; below, as much of it as there is of that. Looks at near's endpoints until
// it has seen enough. Any thread.
double near_share(const Pool& pool, double spill_below, Accept accept);

// An endpoint with an address that `accept` takes; nullptr when the pool has none.
const Endpoint* pick(LivePool& live, const PickBy& by, Random& random, Accept accept);

}  // namespace woad
