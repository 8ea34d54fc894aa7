// What the process knows of an address: one object an address, shared by all workers and carried
// from snapshot to snapshot. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/upstream/ejection.h"
#include "proxy/upstream/health_check.h"
#include "proxy/upstream/pool_health.h"
#include "proxy/upstream/shared_by_key.h"

namespace woad {

// Whether it can be connected to, by the last that was heard.
//
//   reachable ──unreachable()──▶ passed over ──kPassedOver──▶ due for a trial
//       ▲──────── reached() ─────────┘ ▲────── on_trial() ──────────┘
class EndpointHealth {
 public:
  // For so long a name's other addresses are used instead. A trial costs no request anything
  // (AddressRace), so it is the time that an address which came back is left alone, no more.
  static constexpr Duration kPassedOver = seconds(10);

  void reached() {
    if (!doubtful()) return;
    passed_over_until_.store(kReachable, std::memory_order_relaxed);
    ejection.connected();
  }
  void unreachable(MonoTime now) {
    passed_over_until_.store((now + kPassedOver).time_since_epoch().count(),
                             std::memory_order_relaxed);
  }
  // Someone tries it: the others go on passing it over until that has ended.
  void on_trial(MonoTime now) { unreachable(now); }

  // It could not be connected to when that was tried last.
  bool doubtful() const { return passed_over_until_.load(std::memory_order_relaxed) != kReachable; }
  bool passed_over(MonoTime now) const {
    return now.time_since_epoch().count() < passed_over_until_.load(std::memory_order_relaxed);
  }

  // A request was answered there, and well.
  void answered(MonoTime now) {
    const int64_t at = now.time_since_epoch().count();
    const int64_t known = answered_at_.load(std::memory_order_relaxed);
    if (at - known > kAnsweredGrain.count()) answered_at_.store(at, std::memory_order_relaxed);
  }
  bool answered_since(MonoTime time) const {
    return answered_at_.load(std::memory_order_relaxed) > time.time_since_epoch().count();
  }

  // Whether its answers are good enough.
  Ejection ejection;

 private:
  static constexpr int64_t kReachable = INT64_MIN;
  // Workers that are busy with an address do not write to one word at every answer.
  static constexpr Duration kAnsweredGrain = milliseconds(10);

  std::atomic<int64_t> passed_over_until_{kReachable};
  std::atomic<int64_t> answered_at_{0};
};

// All of them, each as long as somebody holds it: an endpoint or a pool of a snapshot, or a worker
// that has connections to it.
class HealthTable {
 public:
  std::shared_ptr<EndpointHealth> of(const Address& address) { return endpoints_.of(address); }
  std::shared_ptr<PoolHealth> of(std::string_view service, std::string_view pool) {
    return pools_.of(std::string(service).append("/").append(pool));
  }
  std::shared_ptr<CheckVerdict> check_of(std::string_view service, const Address& address) {
    return checks_.of(std::string(service).append("/").append(address.to_string()));
  }
  // Addresses that somebody holds, and some that nobody holds any more.
  size_t size() const { return endpoints_.size(); }

 private:
  SharedByKey<Address, EndpointHealth> endpoints_;
  SharedByKey<std::string, PoolHealth> pools_;
  SharedByKey<std::string, CheckVerdict> checks_;
};

}  // namespace woad
