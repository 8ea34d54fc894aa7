#include "proxy/upstream/balancer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "proxy/base/stable_hash.h"
#include "proxy/upstream/slow_start.h"

namespace woad {
namespace {

// Below this the exact least loaded is found by looking at all.
constexpr size_t kLookAtAll = 3;
// Draws that may hit what is not accepted before the next one in order is taken: with half of the
// pool not accepted, one pick in sixteen falls on the neighbours of those.
constexpr int kDraws = 4;
// ring_hash: an endpoint gets no more than this times its fair share of what is under way ("bounded
// loads", Mirrokni, Thorup and Zadimoghaddam 2016), where that is more than a few.
constexpr double kMostOfShare = 1.25;
constexpr uint32_t kFew = 16;
// peak_ewma: what answers faster than this is equally fast.
constexpr double kFast = 1e6;
// peak_ewma: what has not answered yet and has something to do counts as taking so long.
constexpr double kNotHeardOf = 1e9;

// One choice among endpoints of a pool that stand together, by their places in it.
class Choice {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  Choice(LivePool& live, const Stretch& among, Random& random, Accept accept)
      : live_(live), pool_(live.pool()), among_(among), random_(random), accept_(accept) {}

  size_t by(const PickBy& by) {
    if (count() == 0) return kNone;
    if (count() == 1) return next_from(among_.first);
    switch (by.policy) {
      case BalancerPolicy::kRandom: return draw();
      case BalancerPolicy::kRoundRobin: return in_turn();
      case BalancerPolicy::kPeakEwma: return soonest_done();
      case BalancerPolicy::kRingHash: return by.key ? by_key(*by.key) : draw();
      case BalancerPolicy::kLeastRequest: break;
    }
    return least_loaded();
  }

 private:
  size_t count() const { return among_.count; }
  size_t end() const { return among_.first + among_.count; }
  bool usable(size_t index) const { return may_be_asked(pool_.endpoints[index], accept_); }
  // Which endpoint owns position `at` of [0, total_weight).
  size_t owner_of(uint64_t at) const {
    size_t index = among_.first;
    if (among_.even_weights) return index + static_cast<size_t>(at / pool_.endpoints[index].weight);
    while (at >= pool_.endpoints[index].weight) at -= pool_.endpoints[index++].weight;
    return index;
  }
  // The first one that is usable, from this place on and around.
  size_t next_from(size_t first) const {
    for (size_t index = first; index < end(); ++index) {
      if (usable(index)) return index;
    }
    for (size_t index = among_.first; index < first; ++index) {
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
    return first_usable([this] { return owner_of(random_.below(among_.total_weight)); });
  }
  size_t in_turn() const {
    uint64_t& turn = live_.turn(among_);
    if (among_.even_weights) {
      return first_usable([&] { return among_.first + static_cast<size_t>(turn++ % count()); });
    }
    // Steps that share no factor with the total visit every unit once a round, well mixed.
    return first_usable([&] {
      turn = (turn + among_.stride) % among_.total_weight;
      return owner_of(turn);
    });
  }
  // active/weight, compared without division.
  bool lighter(size_t a, size_t b) const {
    return uint64_t{live_.active(a)} * pool_.endpoints[b].weight <
           uint64_t{live_.active(b)} * pool_.endpoints[a].weight;
  }
  size_t least_loaded() const {
    return best_of_few([this](size_t a, size_t b) { return lighter(a, b); });
  }
  // A draw by weight decides between equals.
  template <class Better>
  size_t best_of_few(Better&& better) const {
    size_t best = draw();
    if (best == kNone) return kNone;
    if (count() > kLookAtAll) {
      const size_t other = draw();
      return better(other, best) ? other : best;
    }
    for (size_t i = among_.first; i < end(); ++i) {
      if (better(i, best) && usable(i)) best = i;
    }
    return best;
  }

  // How long a request will take at it, in nanoseconds, if it works on one after the other.
  double wait_at(size_t index) const {
    const EndpointState* state = live_.known_state(index);
    if (state == nullptr) return kFast;
    const bool no_idea = !state->latency.known() && state->active > 0;
    const double latency = no_idea ? kNotHeardOf : std::max(state->latency.at(state->now()), kFast);
    return latency * (1 + state->active * mean_weight() / pool_.endpoints[index].weight);
  }
  double mean_weight() const {
    return static_cast<double>(among_.total_weight) / static_cast<double>(count());
  }
  size_t soonest_done() const {
    return best_of_few([this](size_t a, size_t b) { return wait_at(a) < wait_at(b); });
  }

  // How far a key is from an endpoint; it belongs to the nearest. By weight: the least of variables
  // that are exponentially distributed with the weights as rates is each with the probability of
  // its share ("weighted rendezvous hashing"). An endpoint that goes, or comes, moves its own keys
  // and no others.
  double distance(uint64_t key, const Endpoint& endpoint) const {
    const double unit = unit_of(mixed(key ^ endpoint.hash));
    return among_.even_weights ? -unit : -std::log(unit) / endpoint.weight;
  }
  template <class Fits>
  size_t nearest(uint64_t key, Fits&& fits) const {
    size_t best = kNone;
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = among_.first; i < end(); ++i) {
      const double far = distance(key, pool_.endpoints[i]);
      if (far >= least || !fits(i) || !usable(i)) continue;
      best = i;
      least = far;
    }
    return best;
  }
  // The nearest one that has room, or the nearest when none has.
  size_t by_key(uint64_t key) const {
    const size_t first = nearest(key, [](size_t) { return true; });
    if (first == kNone || live_.active(first) < kFew) return first;
    uint64_t under_way = 1;
    for (size_t i = among_.first; i < end(); ++i) under_way += live_.active(i);
    const double bound =
        kMostOfShare * static_cast<double>(under_way) / static_cast<double>(among_.total_weight);
    const size_t with_room = nearest(key, [&](size_t i) {
      return live_.active(i) < std::max<double>(kFew, bound * pool_.endpoints[i].weight);
    });
    return with_room == kNone ? first : with_room;
  }

  LivePool& live_;
  const Pool& pool_;
  const Stretch& among_;
  Random& random_;
  Accept accept_;
};

const Endpoint* choose(LivePool& live, const Stretch& among, const PickBy& by, Random& random,
                       Accept accept) {
  const size_t index = Choice(live, among, random, accept).by(by);
  return index == Choice::kNone ? nullptr : &live.pool().endpoints[index];
}

// Those that joined take part in their share of the picks. But a key goes to its own at once: every
// sidecar is to give the same answer.
const Endpoint* choose_sparingly(LivePool& live, const Stretch& among, const PickBy& by,
                                 Random& random, Accept accept) {
  if (live.has_starters() && !(by.policy == BalancerPolicy::kRingHash && by.key)) {
    const MonoTime now = live.now();
    const double draw = random.unit();
    const auto takes_part = [&](const Endpoint& endpoint) {
      return draw < share_of_picks(endpoint.joined, now) && accept(endpoint);
    };
    const Endpoint* endpoint = choose(live, among, by, random, takes_part);
    if (endpoint != nullptr) return endpoint;
  }
  return choose(live, among, by, random, accept);
}

double stays_near(LivePool& live, Reach reach, Accept accept) {
  const Pool& pool = live.pool();
  if (reach == Reach::kNearFirst) return near_share(pool, live.spill_below(), accept);
  const auto near = static_cast<double>(pool.near.total_weight);
  return near / (near + static_cast<double>(pool.far.total_weight));
}

const Endpoint* choose_near_or_far(LivePool& live, const PickBy& by, Random& random,
                                   Accept accept) {
  // Mixed once more, so that who stays says nothing about who it goes to.
  const double draw = by.key ? unit_of(mixed(mixed(*by.key))) : random.unit();
  const Pool& pool = live.pool();
  const bool near = draw < stays_near(live, by.reach, accept);
  const Endpoint* endpoint =
      choose_sparingly(live, near ? pool.near : pool.far, by, random, accept);
  if (endpoint != nullptr) return endpoint;
  return choose_sparingly(live, near ? pool.far : pool.near, by, random, accept);
}

}  // namespace

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

const Endpoint* pick(LivePool& live, const PickBy& by, Random& random, Accept accept) {
  const Pool& pool = live.pool();
  if (pool.far.count > 0) [[unlikely]] {
    return choose_near_or_far(live, by, random, accept);
  }
  if (live.has_starters()) [[unlikely]] {
    return choose_sparingly(live, pool.near, by, random, accept);
  }
  return choose(live, pool.near, by, random, accept);
}

}  // namespace woad
