#include "proxy/upstream/outcome_window.h"

#include <algorithm>

namespace woad {
namespace {

constexpr int kCountBits = 20;
constexpr uint64_t kFull = (uint64_t{1} << kCountBits) - 1;
constexpr uint64_t kStampMask = (uint64_t{1} << 24) - 1;

uint64_t stamp_of(uint64_t word) { return word >> (2 * kCountBits); }
uint64_t all_of(uint64_t word) { return word >> kCountBits & kFull; }
uint64_t failed_of(uint64_t word) { return word & kFull; }

}  // namespace

template <int kSeconds>
void OutcomeWindow<kSeconds>::add(MonoTime now, bool failed) {
  const uint64_t grain = static_cast<uint64_t>(now.time_since_epoch() / kGrain);
  const uint64_t stamp = grain & kStampMask;
  std::atomic<uint64_t>& slot = slots_[grain % kSlots];
  uint64_t seen = slot.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    const bool fresh = stamp_of(seen) != stamp;
    const uint64_t all = fresh ? 0 : all_of(seen);
    const uint64_t bad = fresh ? 0 : failed_of(seen);
    if (all == kFull) return;
    next = stamp << (2 * kCountBits) | (all + 1) << kCountBits | (bad + (failed ? 1 : 0));
  } while (!slot.compare_exchange_weak(seen, next, std::memory_order_relaxed));
}

template <int kSeconds>
auto OutcomeWindow<kSeconds>::over(MonoTime now, Duration window) const -> Counts {
  const uint64_t newest = static_cast<uint64_t>(now.time_since_epoch() / kGrain);
  const auto wanted =
      static_cast<uint64_t>((std::min(window, kLongest) + kGrain - Duration(1)) / kGrain);
  Counts counts;
  for (uint64_t back = 0; back < std::min(wanted, newest + 1); ++back) {
    const uint64_t grain = newest - back;
    const uint64_t word = slots_[grain % kSlots].load(std::memory_order_relaxed);
    if (stamp_of(word) != (grain & kStampMask)) continue;
    counts.all += all_of(word);
    counts.failed += failed_of(word);
  }
  return counts;
}

template <int kSeconds>
void OutcomeWindow<kSeconds>::clear() {
  for (std::atomic<uint64_t>& slot : slots_) slot.store(0, std::memory_order_relaxed);
}

template class OutcomeWindow<TryWindow::kLongest / seconds(1)>;
template class OutcomeWindow<RepeatWindow::kLongest / seconds(1)>;

}  // namespace woad
