// Latencies with a relative error of at most 1/16: log-linear buckets over microseconds.
//
// Plain integers, one thread; copies are taken on that thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "proxy/base/time.h"

namespace woad {

class Histogram {
 public:
  static constexpr int kSubBits = 4;   // 16 buckets an octave
  static constexpr int kOctaves = 28;  // up to 2^32 us, over an hour
  static constexpr size_t kBuckets = (kOctaves + 1) << kSubBits;

  void record(Duration duration) {
    const auto us = static_cast<uint64_t>(duration / microseconds(1));
    ++buckets_[index_of(us)];
    ++count_;
    sum_us_ += us;
  }

  uint64_t count() const { return count_; }
  double sum_seconds() const { return static_cast<double>(sum_us_) / 1e6; }
  // The value below which this share of all recorded lies, in seconds; 0 when nothing was recorded.
  double quantile(double share) const;
  // How many were at most that long, to the resolution of the buckets.
  uint64_t at_most(double limit_seconds) const;
  void merge(const Histogram& other);

 private:
  static size_t index_of(uint64_t us) {
    if (us < (1u << kSubBits)) return static_cast<size_t>(us);
    const int octave = 63 - std::countl_zero(us) - kSubBits;
    if (octave >= kOctaves) return kBuckets - 1;
    return static_cast<size_t>((static_cast<uint64_t>(octave) << kSubBits) + (us >> octave));
  }
  // The first value, in microseconds, that is above the bucket.
  static double end_of(size_t index);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  uint64_t sum_us_ = 0;
};

}  // namespace woad
