// Settings of the circuit_breaker filter.
#pragma once

#include "config/table.h"
#include "proxy/upstream/breaker.h"
#include "proxy/upstream/ejection.h"

namespace woad {

struct EjectSettings {
  uint32_t consecutive = 5;
  Duration base = seconds(1);
  Duration max = seconds(60);
  config::Share max_share{0.5};

  bool operator==(const EjectSettings&) const = default;
};

struct CircuitBreakerSettings {
  uint32_t max_requests = 10000;
  uint32_t max_pending = 1024;
  Duration window = seconds(10);
  uint32_t min_requests = 20;
  config::Share failure_ratio{0.5};
  Duration open = seconds(1);
  Duration open_max = seconds(30);
  uint32_t probes = 3;
  EjectSettings eject{};

  bool operator==(const CircuitBreakerSettings&) const = default;

  BreakerRules breaker_rules() const {
    return {window, min_requests, failure_ratio.value, open, open_max, probes};
  }
  EjectionRules ejection_rules() const {
    return {eject.consecutive, eject.base, eject.max, eject.max_share.value};
  }
};

extern const config::Table<CircuitBreakerSettings> kCircuitBreakerTable;

}  // namespace woad
