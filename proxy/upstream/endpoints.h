// One worker's live side of the endpoints: connections, load, and the choice between them.
//
// Live state is kept by address and channel and outlives snapshots: a reload that keeps an endpoint
// and how it is reached keeps its connections. An UpstreamView is one worker's view of one
// snapshot: it finds the live state of an endpoint by slot, without hashing. One thread.
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

// The live state of one address over one channel.
class EndpointState {
 public:
  EndpointState(PoolContext& context, const Endpoint& endpoint,
                std::shared_ptr<const Channel> channel)
      : context_(context),
        address_(endpoint.address),
        name_(endpoint.name),
        channel_(std::move(channel)) {}

  // `protocol`: what the request is to be sent in; with TLS, HTTP/2 is what is hoped for, and the
  // handshake decides.
  ConnectionPool& pool(Protocol protocol) {
    auto& pool = pools_[place_of(protocol)];
    if (pool == nullptr) {
      pool = std::make_unique<ConnectionPool>(context_, address_, name_, protocol,
                                              channel_for(protocol));
    }
    return *pool;
  }

  template <class F>
  void for_each_pool(F&& visit) {
    for (auto& pool : pools_) {
      if (pool != nullptr) visit(*pool);
    }
  }

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  const Channel& channel() const { return *channel_; }

  // Attempts under way.
  uint32_t active = 0;
  // The newest snapshot has it (EndpointRegistry::sweep).
  bool current = true;

 private:
  const std::shared_ptr<const Channel>& channel_for(Protocol protocol) const {
    const auto& other = protocol == Protocol::kTcp ? channel_->opaque : channel_->http1;
    return protocol == Protocol::kHttp2 || other == nullptr ? channel_ : other;
  }
  static size_t place_of(Protocol protocol) {
    switch (protocol) {
      case Protocol::kHttp2: return 1;
      case Protocol::kTcp: return 2;
      default: return 0;
    }
  }

  PoolContext& context_;
  Address address_;
  std::string name_;
  std::shared_ptr<const Channel> channel_;
  std::unique_ptr<ConnectionPool> pools_[3];  // HTTP/1, HTTP/2, opaque
};

// All live endpoints of a worker. Outlives its views.
class EndpointRegistry {
 public:
  explicit EndpointRegistry(PoolContext& context) : context_(context) {}

  EndpointState& get(const Endpoint& endpoint, const std::shared_ptr<const Channel>& channel);
  // nullptr when nothing was sent there yet.
  EndpointState* find(const Endpoint& endpoint, const Channel& channel) const {
    const auto found = endpoints_.find(Key{endpoint.name, &channel});
    return found == endpoints_.end() ? nullptr : found->second.get();
  }
  // A newer snapshot counts: `mark` calls keep() for each of its endpoints. Those that are not
  // among them drain.
  template <class Mark>
  void retire_all_but(Mark&& mark) {
    for (auto& [key, state] : endpoints_) state->current = false;
    mark([this](const Endpoint& endpoint, const Channel& channel) {
      if (EndpointState* state = find(endpoint, channel)) state->current = true;
    });
    for_each([](EndpointState& state) {
      if (!state.current) state.for_each_pool([](ConnectionPool& pool) { pool.drain(); });
    });
  }
  // Drains those again and drops the empty ones; whether any is left. Only when no view but the
  // newest is left: older ones may use them.
  bool drop_retired();
  template <class F>
  void for_each(F&& visit) {
    for (auto& [key, state] : endpoints_) visit(*state);
  }

 private:
  // The state holds its channel, so the address stays the channel's own.
  struct Key {
    std::string name;
    const Channel* channel;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<std::string>()(key.name) ^ std::hash<const Channel*>()(key.channel);
    }
  };

  PoolContext& context_;
  std::unordered_map<Key, std::unique_ptr<EndpointState>, KeyHash> endpoints_;
};

class UpstreamView {
 public:
  // `endpoint_slots` and `pool_slots`: how many the snapshot has.
  UpstreamView(EndpointRegistry& registry, Random& random, uint32_t endpoint_slots,
               uint32_t pool_slots)
      : registry_(registry), random_(random), by_slot_(endpoint_slots), round_robin_(pool_slots) {}

  // The live state of an endpoint with an address.
  EndpointState& state(const Endpoint& endpoint, const std::shared_ptr<const Channel>& channel) {
    EndpointState*& state = by_slot_[endpoint.slot];
    if (state == nullptr) state = &registry_.get(endpoint, channel);
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
