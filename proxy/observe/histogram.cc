#include "proxy/observe/histogram.h"

namespace woad {

double Histogram::end_of(size_t index) {
  constexpr size_t kLinear = size_t{1} << kSubBits;
  if (index < 2 * kLinear) return static_cast<double>(index + 1);
  const size_t octave = (index >> kSubBits) - 1;
  const size_t within = (index & (kLinear - 1)) + kLinear;
  return static_cast<double>((within + 1) << octave);
}

double Histogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = share * static_cast<double>(count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (static_cast<double>(seen) >= wanted && buckets_[i] > 0) return end_of(i) * 1e-6;
  }
  return end_of(kBuckets - 1) * 1e-6;
}

uint64_t Histogram::at_most(double limit_seconds) const {
  const double limit = limit_seconds * 1e6 * (1 + 1e-9);
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets && end_of(i) <= limit; ++i) seen += buckets_[i];
  return seen;
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
}

}  // namespace woad
