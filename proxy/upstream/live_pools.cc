#include "proxy/upstream/live_pools.h"

namespace woad {

LivePool& LivePools::add(const Service& service, const Pool& pool) {
  return pools_.try_emplace(&pool, service, pool, registry_).first->second;
}

void LivePools::retire_all_but(std::span<const Service* const> services) {
  for (auto& [pool, live] : pools_) live.current_ = false;
  for (const Service* service : services) {
    for (const Pool& pool : service->pools()) {
      const auto found = pools_.find(&pool);
      if (found != pools_.end()) found->second.current_ = true;
    }
  }
  registry_.for_each([](EndpointState& state) { state.current = false; });
  for (auto& [pool, live] : pools_) {
    if (!live.current_) continue;
    for (EndpointState* state : live.states_) {
      if (state != nullptr) state->current = true;
    }
  }
  bool all_kept = true;
  registry_.for_each([&](EndpointState& state) { all_kept = all_kept && state.current; });
  if (all_kept) return;
  // Some may stand in a pool that is new, or that nothing was sent to yet.
  keep_endpoints(services);
  registry_.for_each([](EndpointState& state) {
    if (!state.current) state.drain();
  });
}

void LivePools::keep_endpoints(std::span<const Service* const> services) {
  for (const Service* service : services) {
    for (const Pool& pool : service->pools()) {
      for (const Endpoint& endpoint : pool.endpoints) {
        EndpointState* state = registry_.find(endpoint, *service->channel);
        if (state != nullptr) state->current = true;
      }
    }
  }
}

bool LivePools::drop_retired() {
  std::erase_if(pools_, [](const auto& entry) { return !entry.second.current_; });
  return registry_.drop_retired();
}

}  // namespace woad
