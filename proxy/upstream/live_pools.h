// One worker's live view of the pools that it has sent to.
//
// Kept by the pool itself and not by a place in a snapshot, so snapshots may share a service that
// did not change, and its pools go on with what they have. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "proxy/upstream/endpoint_registry.h"
#include "proxy/upstream/service.h"
#include "proxy/upstream/slow_start.h"

namespace woad {

// The live states of a pool's endpoints, by their place in the pool.
class LivePool {
 public:
  LivePool(const Service& service, const Pool& pool, EndpointRegistry& registry)
      : service_(service.shared_from_this()),
        pool_(pool),
        registry_(registry),
        states_(pool.endpoints.size()),
        has_starters_(pool.last_join != MonoTime::min()) {}

  const Pool& pool() const { return pool_; }
  // Of an endpoint of the pool with an address.
  EndpointState& state(const Endpoint& endpoint) {
    EndpointState*& state = states_[static_cast<size_t>(&endpoint - pool_.endpoints.data())];
    if (state == nullptr) state = &registry_.get(endpoint, service_->channel);
    return *state;
  }
  // Of the endpoint of that place; nullptr: nothing was sent there yet.
  const EndpointState* known_state(size_t index) const { return states_[index]; }
  // Attempts under way at the endpoint of that place.
  uint32_t active(size_t index) const {
    return states_[index] == nullptr ? 0 : states_[index]->active;
  }
  // Whether it is balanced by how long answers take.
  bool wants_latency() const { return service_->policy == BalancerPolicy::kPeakEwma; }
  double spill_below() const { return service_->spill_below; }
  // Whether some of its endpoints joined so lately that they start slowly.
  bool has_starters() {
    if (has_starters_) has_starters_ = starts_slowly(pool_.last_join, now());
    return has_starters_;
  }
  MonoTime now() const { return registry_.now(); }
  // The position of round robin in a stretch of the pool, in units of weight.
  uint64_t& turn(const Stretch& of) { return &of == &pool_.far ? far_turn_ : near_turn_; }

 private:
  friend class LivePools;
  template <class F>
  void for_each_state(F&& visit) const {
    for (EndpointState* state : states_) {
      if (state != nullptr) visit(*state);
    }
  }
  // No file names it, and nobody else does, or it has neither attempts nor connections.
  bool forsaken() const;

  std::shared_ptr<const Service> service_;  // so that no other pool gets this one's address
  const Pool& pool_;
  EndpointRegistry& registry_;
  std::vector<EndpointState*> states_;  // nullptr: nothing was sent there yet
  uint64_t near_turn_ = 0;
  uint64_t far_turn_ = 0;
  bool has_starters_;
  bool current_ = true;  // the newest snapshot has it, or it is not listed
};

class LivePools {
 public:
  explicit LivePools(EndpointRegistry& registry) : registry_(registry) {}

  LivePool& of(const Service& service, const Pool& pool) {
    const auto found = pools_.find(&pool);
    return found == pools_.end() ? add(service, pool) : found->second;
  }

  // What is not listed, as (service, pool).
  template <class F>
  void for_each_unlisted(F&& visit) const {
    for (const auto& [pool, live] : pools_) {
      if (!live.service_->listed) visit(*live.service_, *pool);
    }
  }

  // A newer snapshot counts, and these are its services. The endpoints that are not among theirs
  // drain.
  void retire_all_but(std::span<const Service* const> services);
  // Forgets what only older snapshots had, and what is not listed and not used; whether anything of
  // that is left. Only when nothing but the newest snapshot is in use.
  bool drop_retired();

 private:
  LivePool& add(const Service& service, const Pool& pool);
  void keep_current_endpoints();
  void keep_endpoints(std::span<const Service* const> services);

  EndpointRegistry& registry_;
  std::unordered_map<const Pool*, LivePool> pools_;
};

}  // namespace woad
