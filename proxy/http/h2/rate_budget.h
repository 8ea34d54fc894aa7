// How often a peer may do something that costs us more than it: a burst, then a rate. One thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proxy/base/time.h"

namespace woad {

class RateBudget {
 public:
  RateBudget(uint32_t burst, uint32_t per_second, MonoTime now)
      : burst_(burst), per_second_(per_second), left_(burst), filled_at_(now) {}

  // Takes one; false when none is left. Refills only when it runs dry, so the clock is not read for
  // every frame.
  bool spend(MonoTime now) {
    if (left_ == 0 && !refill(now)) return false;
    --left_;
    return true;
  }

  // Another rate from now on; what is left stays, up to the burst.
  void change(uint32_t burst, uint32_t per_second) {
    burst_ = burst;
    per_second_ = per_second;
    left_ = std::min(left_, burst_);
  }

  // Gives back `count` for useful work done, up to the burst.
  void give(uint32_t count) { left_ = std::min(burst_, left_ + count); }

 private:
  bool refill(MonoTime now) {
    const auto passed = std::chrono::duration_cast<milliseconds>(now - filled_at_).count();
    const auto gained = static_cast<uint64_t>(passed) * per_second_ / 1000;
    if (gained == 0) return false;
    filled_at_ = now;
    left_ = static_cast<uint32_t>(std::min<uint64_t>(burst_, gained));
    return true;
  }

  uint32_t burst_;
  uint32_t per_second_;
  uint32_t left_;
  MonoTime filled_at_;
};

}  // namespace woad
