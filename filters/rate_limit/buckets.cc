#include "filters/rate_limit/buckets.h"

#include <algorithm>
#include <functional>

namespace woad {

BucketShape::BucketShape(uint64_t count, Duration per, uint32_t burst)
    : interval_(
          std::max<int64_t>(per.count() / static_cast<int64_t>(std::max<uint64_t>(count, 1)), 1)),
      depth_(0) {
  constexpr int64_t kDeepest = Duration(hours(24 * 365 * 100)).count();
  const bool deep = interval_ > kDeepest / static_cast<int64_t>(burst);
  depth_ = deep ? kDeepest : interval_ * static_cast<int64_t>(burst);
}

Duration BucketShape::take(std::atomic<int64_t>& full_at, int64_t now) const {
  int64_t seen = full_at.load(std::memory_order_relaxed);
  while (true) {
    const int64_t next = std::max(seen, now) + interval_;
    if (next - now > depth_) return Duration(next - now - depth_);
    if (full_at.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return Duration(0);
  }
}

BucketTable::BucketTable() : sets_(std::make_unique<Set[]>(kSlots / kWays)) {}

std::atomic<int64_t>& BucketTable::find(std::string_view key, int64_t now) {
  const uint64_t hash = std::max<uint64_t>(std::hash<std::string_view>()(key), 1);
  auto& slots = sets_[hash % (kSlots / kWays)].slots;
  for (Slot& slot : slots) {
    if (slot.key.load(std::memory_order_relaxed) == hash) return slot.full_at;
  }
  Slot& victim = *std::min_element(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) {
    return a.full_at.load(std::memory_order_relaxed) < b.full_at.load(std::memory_order_relaxed);
  });
  uint64_t before = victim.key.load(std::memory_order_relaxed);
  // When another worker takes the slot at this very moment, the two keys share it for this request.
  if (before != hash &&
      victim.key.compare_exchange_strong(before, hash, std::memory_order_relaxed)) {
    victim.full_at.store(now, std::memory_order_relaxed);
  }
  return victim.full_at;
}

}  // namespace woad
