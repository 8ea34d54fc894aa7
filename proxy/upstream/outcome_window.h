// How many of the last while were of a kind: a sliding window over a ring of counters, without
// locks.
//
// The grid is fixed, so those who ask for windows of different lengths share the counts. Any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "proxy/base/time.h"

namespace woad {

// `kSeconds`: the longest window that can be asked for; it takes some 32 bytes for each.
template <int kSeconds>
class OutcomeWindow {
 public:
  static constexpr Duration kGrain = milliseconds(250);
  static constexpr Duration kLongest = seconds(kSeconds);

  struct Counts {
    uint64_t all = 0;
    uint64_t failed = 0;
  };

  void add(MonoTime now, bool failed);
  // Of the last `window` (at most kLongest), rounded up to grains.
  Counts over(MonoTime now, Duration window) const;
  void clear();

 private:
  static constexpr size_t kSlots = std::bit_ceil(static_cast<size_t>(kLongest / kGrain) + 2);

  // From the top: 24 bits of the grain's number, 20 of all, 20 of failed; a full count stays full.
  std::array<std::atomic<uint64_t>, kSlots> slots_{};
};

// Of the tries of a pool, which failed: the breaker's.
using TryWindow = OutcomeWindow<60>;
// Of the requests to a pool, which were repetitions: the retry budget's.
using RepeatWindow = OutcomeWindow<10>;

}  // namespace woad
