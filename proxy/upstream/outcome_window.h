// How many tries of the last while failed: a sliding window over a ring of counters, without locks.
//
// The grid is fixed, so those who ask for windows of different lengths share the counts. Any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "proxy/base/time.h"

namespace woad {

class OutcomeWindow {
 public:
  // The grain of a window, and the longest that can be asked for.
  static constexpr Duration kGrain = milliseconds(250);
  static constexpr Duration kLongest = seconds(60);

  struct Counts {
    uint64_t all = 0;
    uint64_t failed = 0;
  };

  void add(MonoTime now, bool failed);
  // Of the last `window` (at most kLongest), rounded up to grains.
  Counts over(MonoTime now, Duration window) const;
  void clear();

 private:
  static constexpr size_t kSlots = 256;
  static_assert(kSlots * kGrain > kLongest + kGrain);

  // From the top: 24 bits of the grain's number, 20 of all, 20 of failed; a full count stays full.
  std::array<std::atomic<uint64_t>, kSlots> slots_{};
};

}  // namespace woad
