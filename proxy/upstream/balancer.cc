#include "proxy/upstream/balancer.h"

namespace woad {
namespace {

// Below this the exact least loaded is found by looking at all.
constexpr size_t kLookAtAll = 3;
// Draws that may hit what is not accepted before the next one in order is taken: with half of the
// pool not accepted, one pick in sixteen falls on the neighbours of those.
constexpr int kDraws = 4;

// One choice among the endpoints of a pool, by their places.
class Choice {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  Choice(LivePool& live, Random& random, Accept accept)
      : live_(live), pool_(live.pool()), random_(random), accept_(accept) {}

  size_t by(BalancerPolicy policy) {
    if (count() == 0) return kNone;
    if (count() == 1) return next_from(0);
    switch (policy) {
      case BalancerPolicy::kRandom: return draw();
      case BalancerPolicy::kRoundRobin: return in_turn();
      case BalancerPolicy::kLeastRequest: break;
    }
    return least_loaded();
  }

 private:
  size_t count() const { return pool_.endpoints.size(); }
  bool usable(size_t index) const {
    const Endpoint& endpoint = pool_.endpoints[index];
    return endpoint.address.valid() && accept_(endpoint);
  }
  // Which endpoint owns position `at` of [0, total_weight).
  size_t owner_of(uint64_t at) const {
    if (pool_.even_weights) return static_cast<size_t>(at / pool_.endpoints[0].weight);
    size_t index = 0;
    while (at >= pool_.endpoints[index].weight) at -= pool_.endpoints[index++].weight;
    return index;
  }
  // The first one that is usable, from this place on and around.
  size_t next_from(size_t first) const {
    for (size_t step = 0; step < count(); ++step) {
      const size_t index = (first + step) % count();
      if (usable(index)) return index;
    }
    return kNone;
  }
  // Tries what `next` gives a few times.
  template <class Next>
  size_t first_usable(Next&& next) const {
    size_t index = 0;
    for (int i = 0; i < kDraws; ++i) {
      index = next();
      if (usable(index)) return index;
    }
    return next_from(index);
  }
  size_t draw() const {
    return first_usable([this] { return owner_of(random_.below(pool_.total_weight)); });
  }
  size_t in_turn() const {
    uint64_t& turn = live_.turn;
    if (pool_.even_weights) {
      return first_usable([&] { return static_cast<size_t>(turn++ % count()); });
    }
    // Steps that share no factor with the total visit every unit once a round, well mixed.
    return first_usable([&] {
      turn = (turn + pool_.stride) % pool_.total_weight;
      return owner_of(turn);
    });
  }
  // active/weight, compared without division.
  bool lighter(size_t a, size_t b) const {
    return uint64_t{live_.active(a)} * pool_.endpoints[b].weight <
           uint64_t{live_.active(b)} * pool_.endpoints[a].weight;
  }
  // A draw by weight decides between equals.
  size_t least_loaded() const {
    size_t best = draw();
    if (best == kNone) return kNone;
    if (count() > kLookAtAll) {
      const size_t other = draw();
      return lighter(other, best) ? other : best;
    }
    for (size_t i = 0; i < count(); ++i) {
      if (lighter(i, best) && usable(i)) best = i;
    }
    return best;
  }

  LivePool& live_;
  const Pool& pool_;
  Random& random_;
  Accept accept_;
};

}  // namespace

const Endpoint* pick(LivePool& pool, BalancerPolicy policy, Random& random, Accept accept) {
  const size_t index = Choice(pool, random, accept).by(policy);
  return index == Choice::kNone ? nullptr : &pool.pool().endpoints[index];
}

}  // namespace woad
