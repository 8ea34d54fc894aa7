#include "proxy/upstream/live_pools.h"

namespace woad {

LivePool& LivePools::add(const Service& service, const Pool& pool) {
  return pools_.try_emplace(&pool, service, pool, registry_).first->second;
}

void LivePools::retire_all_but(std::span<const Service* const> services) {
  for (auto& [pool, live] : pools_) live.current_ = !live.service_->listed;
  for (const Service* service : services) {
    for (const Pool& pool : service->pools()) {
      const auto found = pools_.find(&pool);
      if (found != pools_.end()) found->second.current_ = true;
    }
  }
  registry_.for_each([](EndpointState& state) { state.current = false; });
  keep_current_endpoints();
  bool all_kept = true;
  registry_.for_each([&](EndpointState& state) { all_kept = all_kept && state.current; });
  if (all_kept) return;
  // Some may stand in a pool that is new, or that nothing was sent to yet.
  keep_endpoints(services);
  registry_.for_each([](EndpointState& state) {
    if (!state.current) state.drain();
  });
}

bool LivePool::forsaken() const {
  if (service_->listed) return false;
  if (service_.use_count() == 1) return true;
  bool idle = true;
  for_each_state([&](EndpointState& state) { idle = idle && state.empty(); });
  return idle;
}

void LivePools::keep_current_endpoints() {
  for (auto& [pool, live] : pools_) {
    if (live.current_) live.for_each_state([](EndpointState& state) { state.current = true; });
  }
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
  bool unlisted = false;
  std::erase_if(pools_, [&](auto& entry) {
    const LivePool& live = entry.second;
    const bool forsaken = live.forsaken();
    if (forsaken) live.for_each_state([](EndpointState& state) { state.current = false; });
    unlisted = unlisted || (!live.service_->listed && !forsaken);
    return !live.current_ || forsaken;
  });
  keep_current_endpoints();
  return registry_.drop_retired() || unlisted;
}

}  // namespace woad
