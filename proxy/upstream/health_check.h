// How the endpoints of a service are asked whether they are well, and what is known from it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "proxy/base/time.h"

namespace woad {

// As the file has it. Immutable; any thread.
struct HealthCheck {
  enum class Kind : uint8_t { kHttp, kGrpc, kTcp };

  Kind kind = Kind::kTcp;
  std::string target{};  // the path (kHttp) or the service (kGrpc) that is asked for
  std::string host{};    // whose (kHttp, kGrpc): Host or :authority
  Duration interval = seconds(5);
  Duration timeout = seconds(1);  // at most the interval
  uint32_t unhealthy_after = 3;   // results in a row
  uint32_t healthy_after = 2;
  bool operator==(const HealthCheck&) const = default;
};

// What the check of a service says of an address: one object for each, shared by all workers and
// carried from snapshot to snapshot. Told by the prober alone; any thread asks.
class CheckVerdict {
 public:
  // An endpoint is taken to be healthy until its check has failed often enough.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }
  void tell(bool healthy) { healthy_.store(healthy, std::memory_order_relaxed); }

 private:
  std::atomic<bool> healthy_{true};
};

}  // namespace woad
