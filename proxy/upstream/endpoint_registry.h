// All live endpoints of a worker, by address and channel: they outlive snapshots, so a reload that
// keeps an endpoint and how it is reached keeps its connections. One thread.
#pragma once

#include <memory>
#include <unordered_map>

#include "proxy/upstream/endpoint_state.h"

namespace woad {

class EndpointRegistry {
 public:
  explicit EndpointRegistry(PoolContext& context) : context_(context) {}

  // Requires an address.
  EndpointState& get(const Endpoint& endpoint, const std::shared_ptr<const Channel>& channel);
  // nullptr when nothing was sent there yet.
  EndpointState* find(const Endpoint& endpoint, const Channel& channel) const {
    const auto found = endpoints_.find(Key{endpoint.health.get(), &channel});
    return found == endpoints_.end() ? nullptr : found->second.get();
  }
  template <class F>
  void for_each(F&& visit) {
    for (auto& [key, state] : endpoints_) visit(*state);
  }

  MonoTime now() const { return context_.scheduler.now(); }

  // Drains the retired ones and drops the empty ones; whether any is left. Only when nothing but
  // the newest snapshot is in use: older ones may use them.
  bool drop_retired();

 private:
  // The state holds both, so the addresses stay theirs.
  struct Key {
    const EndpointHealth* health;
    const Channel* channel;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      // Objects of the heap differ in their middle bits; a multiplier spreads the two apart.
      return std::hash<const void*>()(key.health) * 31 + std::hash<const void*>()(key.channel);
    }
  };

  PoolContext& context_;
  std::unordered_map<Key, std::unique_ptr<EndpointState>, KeyHash> endpoints_;
};

}  // namespace woad
