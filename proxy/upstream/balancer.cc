// The balancing policies.
//
// least_request: the better of two random choices by load for its weight ("power of two choices",
// Mitzenmacher 2001), with all endpoints looked at when there are few. round_robin: in turn,
// by weight. random: by weight.
#include "proxy/upstream/endpoints.h"

namespace woad {
namespace {

// Below this the exact least loaded is found by looking at all.
constexpr size_t kLookAtAll = 3;

// Which endpoint owns position `at` of [0, total_weight).
size_t owner_of(const Pool& pool, uint64_t at) {
  if (pool.even_weights) return static_cast<size_t>(at / pool.endpoints[0].weight);
  size_t index = 0;
  while (at >= pool.endpoints[index].weight) at -= pool.endpoints[index++].weight;
  return index;
}

}  // namespace

size_t UpstreamView::draw(const Pool& pool) {
  return owner_of(pool, random_.below(pool.total_weight));
}

size_t UpstreamView::pick_index(const Pool& pool, BalancerPolicy policy) {
  const size_t count = pool.endpoints.size();
  if (count == 1) return 0;
  if (policy == BalancerPolicy::kRandom) return draw(pool);
  if (policy == BalancerPolicy::kRoundRobin) {
    uint64_t& turn = round_robin_[pool.slot];
    if (pool.even_weights) return static_cast<size_t>(turn++ % count);
    // Steps that share no factor with the total visit every unit once a round, well mixed.
    turn = (turn + pool.stride) % pool.total_weight;
    return owner_of(pool, turn);
  }
  // active/weight, compared without division; a draw by weight decides between equals.
  const auto lighter = [&](size_t a, size_t b) {
    const Endpoint& x = pool.endpoints[a];
    const Endpoint& y = pool.endpoints[b];
    return uint64_t{active(x)} * y.weight < uint64_t{active(y)} * x.weight;
  };
  size_t best = draw(pool);
  if (count <= kLookAtAll) {
    for (size_t i = 0; i < count; ++i) {
      if (lighter(i, best)) best = i;
    }
    return best;
  }
  const size_t other = draw(pool);
  return lighter(other, best) ? other : best;
}

const Endpoint* UpstreamView::pick(const Pool& pool, BalancerPolicy policy, const Endpoint* skip) {
  const size_t count = pool.endpoints.size();
  if (count == 0) return nullptr;
  const size_t first = pick_index(pool, policy);
  const Endpoint* second_best = nullptr;
  for (size_t step = 0; step < count; ++step) {
    const Endpoint& endpoint = pool.endpoints[(first + step) % count];
    if (!endpoint.address.valid()) continue;
    if (&endpoint != skip) return &endpoint;
    second_best = &endpoint;
  }
  return second_best;
}

}  // namespace woad
