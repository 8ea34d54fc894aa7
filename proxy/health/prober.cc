#include "proxy/health/prober.h"

#include <utility>

namespace woad {

Prober::Prober(Scheduler& scheduler, BlockPool& blocks, Dialer& dialer, WorkerMetrics& metrics,
               uint64_t seed)
    : pools_{scheduler, {scheduler, blocks, hostile_}, dialer, HttpLimits{}},
      connections_(pools_),
      random_(seed),
      means_{pools_, connections_, arenas_, random_, metrics},
      sweep_timer_(scheduler.timers(), bind_timer<&Prober::sweep>(this)) {}

// Probes give up and their streams go while the connections are there.
Prober::~Prober() {
  checked_.clear();
  pools_.scheduler.end_turn();
}

void Prober::adopt(const Snapshot& snapshot) {
  pools_.limits = snapshot.limits;
  connections_.for_each([](EndpointState& state) { state.current = false; });
  Checked before = std::exchange(checked_, {});
  for (const auto& entry : snapshot.services) {
    if (!entry->service.health_check) continue;
    for (const Pool& pool : entry->service.pools()) {
      for (const Endpoint& endpoint : pool.endpoints) keep(entry->owned, endpoint, before);
    }
  }
  before.clear();
  sweep();
}

void Prober::keep(const std::shared_ptr<const Service>& service, const Endpoint& endpoint,
                  Checked& before) {
  if (endpoint.check == nullptr) return;  // a name that has no address yet
  auto& checked = checked_[endpoint.check.get()];
  if (checked != nullptr) return;  // in several pools
  if (EndpointState* state = connections_.find(endpoint, *service->channel)) state->current = true;
  const auto known = before.find(endpoint.check.get());
  if (known == before.end()) {
    checked = std::make_unique<CheckedEndpoint>(means_, service, endpoint);
  } else {
    checked = std::move(known->second);
    checked->update(service, endpoint);
  }
}

void Prober::sweep() {
  if (connections_.drop_retired()) sweep_timer_.arm(kSweepEvery);
}

}  // namespace woad
