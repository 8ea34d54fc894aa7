#include "proxy/upstream/endpoint_health.h"

#include <algorithm>

#include "proxy/upstream/dialer.h"

namespace woad {

void learn(EndpointHealth& health, const DialFailure& failure, MonoTime now) {
  switch (failure.cause) {
    case DialFailure::Cause::kUnreachable: health.unreachable(now); return;
    case DialFailure::Cause::kNotAgreed: health.reached(); return;
    case DialFailure::Cause::kOurs: return;
  }
}

std::shared_ptr<EndpointHealth> HealthTable::of(const Address& address) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= forget_at_) forget_unheld();
  std::weak_ptr<EndpointHealth>& known = known_[address];
  std::shared_ptr<EndpointHealth> health = known.lock();
  if (health == nullptr) {
    health = std::make_shared<EndpointHealth>();
    known = health;
  }
  return health;
}

// At every doubling, so that an address pays for a few looks in its whole life.
void HealthTable::forget_unheld() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  forget_at_ = std::max<size_t>(64, 2 * known_.size());
}

size_t HealthTable::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace woad
