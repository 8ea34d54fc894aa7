// One worker's live side of the endpoints: connections, load, and the choice between them.
//
// Live state is kept by address and outlives snapshots: a reload that keeps an endpoint keeps its
// connections. An UpstreamView is one worker's view of one snapshot: it finds the live state of an
// endpoint by slot, without hashing. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/upstream/connection_pool.h"
#include "proxy/upstream/service.h"

namespace woad {

// The live state of one address.
class EndpointState {
 public:
  EndpointState(PoolContext& context, const Endpoint& endpoint, Duration connect_timeout)
      : context_(context),
        address_(endpoint.address),
        name_(endpoint.name),
        connect_timeout_(connect_timeout) {}

  ConnectionPool& pool(Protocol protocol) {
    auto& pool = protocol == Protocol::kHttp2 ? http2_ : http1_;
    if (pool == nullptr) {
      pool =
          std::make_unique<ConnectionPool>(context_, address_, name_, protocol, connect_timeout_);
    }
    return *pool;
  }

  template <class F>
  void for_each_pool(F&& visit) {
    if (http1_ != nullptr) visit(*http1_);
    if (http2_ != nullptr) visit(*http2_);
  }

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  Duration connect_timeout() const { return connect_timeout_; }

  // Attempts under way.
  uint32_t active = 0;

 private:
  PoolContext& context_;
  Address address_;
  std::string name_;
  Duration connect_timeout_;
  std::unique_ptr<ConnectionPool> http1_;
  std::unique_ptr<ConnectionPool> http2_;
};

// All live endpoints of a worker. Outlives its views.
class EndpointRegistry {
 public:
  explicit EndpointRegistry(PoolContext& context) : context_(context) {}

  EndpointState& get(const Endpoint& endpoint, Duration connect_timeout);
  // nullptr when nothing was sent there yet.
  EndpointState* find(const std::string& name) const {
    const auto found = endpoints_.find(name);
    return found == endpoints_.end() ? nullptr : found->second.get();
  }
  // Drains every endpoint for which `keep(name)` is false and drops it once it is empty. Call when
  // no view but the newest is left, and again until nothing_to_drop().
  template <class Keep>
  void sweep(Keep&& keep) {
    std::erase_if(endpoints_, [&](auto& entry) {
      EndpointState& state = *entry.second;
      if (keep(state.name())) return false;
      bool empty = state.active == 0;
      state.for_each_pool([&](ConnectionPool& pool) {
        pool.drain();
        empty = empty && pool.empty();
      });
      return empty;
    });
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [key, state] : endpoints_) visit(*state);
  }

 private:
  PoolContext& context_;
  std::unordered_map<std::string, std::unique_ptr<EndpointState>> endpoints_;
};

class UpstreamView {
 public:
  // `endpoint_slots` and `pool_slots`: how many the snapshot has.
  UpstreamView(EndpointRegistry& registry, Random& random, uint32_t endpoint_slots,
               uint32_t pool_slots)
      : registry_(registry), random_(random), by_slot_(endpoint_slots), round_robin_(pool_slots) {}

  // The live state of an endpoint with an address.
  EndpointState& state(const Endpoint& endpoint, Duration connect_timeout) {
    EndpointState*& state = by_slot_[endpoint.slot];
    if (state == nullptr) state = &registry_.get(endpoint, connect_timeout);
    return *state;
  }

  // An endpoint of the pool by the policy, not `skip` when there is another; nullptr when the pool
  // has none with an address.
  const Endpoint* pick(const Pool& pool, BalancerPolicy policy, const Endpoint* skip);

 private:
  friend class Balancer;
  uint32_t active(const Endpoint& endpoint) const {
    const EndpointState* state = by_slot_[endpoint.slot];
    return state == nullptr ? 0 : state->active;
  }
  size_t draw(const Pool& pool);
  size_t pick_index(const Pool& pool, BalancerPolicy policy);

  EndpointRegistry& registry_;
  Random& random_;
  std::vector<EndpointState*> by_slot_;
  // For each pool: the position of round robin, in units of weight.
  std::vector<uint64_t> round_robin_;
};

}  // namespace woad
