// Token buckets without locks: the generic cell rate algorithm (ITU-T I.371) in one atomic a
// bucket.
//
// A bucket is the time at which it will be full again, so an idle bucket equals a new one and needs
// no upkeep. Shared by all workers. Rates are exact in the long run whatever the number of workers.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/base/time.h"

namespace woad {

// How fast buckets fill and how much they hold.
class BucketShape {
 public:
  // `count` tokens every `per`, at most `burst` (>= 1) at once.
  BucketShape(uint64_t count, Duration per, uint32_t burst);

  // Takes one token from `full_at` at `now` (nanoseconds). Zero: taken; else how long until there
  // is one.
  Duration take(std::atomic<int64_t>& full_at, int64_t now) const;

 private:
  int64_t interval_;  // nanoseconds a token
  int64_t depth_;     // nanoseconds from empty to full
};

// A bucket for each key, in memory of fixed size: 65,536 slots in sets of four. When a set is full,
// the bucket that will be full first (in the long run: the one used least recently) gives way, and
// its key begins anew with a whole burst; a bucket that is full already is lost without effect.
class BucketTable {
 public:
  static constexpr size_t kSlots = 65536;

  BucketTable();

  // The bucket of `key`; valid until another key takes its slot, which does no harm.
  std::atomic<int64_t>& find(std::string_view key, int64_t now);

 private:
  static constexpr size_t kWays = 4;
  struct Slot {
    std::atomic<uint64_t> key{0};  // hash; 0: free
    std::atomic<int64_t> full_at{0};
  };
  // One cache line.
  struct alignas(64) Set {
    std::array<Slot, kWays> slots;
  };

  std::unique_ptr<Set[]> sets_;
};

}  // namespace woad
