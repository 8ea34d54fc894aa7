#include "proxy/upstream/ejection.h"

#include <algorithm>

namespace woad {

bool Ejection::claim(int64_t until, MonoTime now, Duration length) {
  if (until == kIn || now.time_since_epoch().count() < until) return false;
  const int64_t next = (now + length).time_since_epoch().count();
  return until_.compare_exchange_strong(until, next, std::memory_order_relaxed);
}

bool Ejection::begin(MonoTime now) {
  const int64_t until = until_.load(std::memory_order_relaxed);
  if (until == kIn) return true;
  if (!claim(until, now, kLongestTrial)) return false;
  on_trial_.store(true, std::memory_order_relaxed);
  return true;
}

bool Ejection::put_off(MonoTime now) {
  return claim(until_.load(std::memory_order_relaxed), now, kPutOff);
}

void Ejection::connected() {
  int64_t until = until_.load(std::memory_order_relaxed);
  if (until == kIn || on_trial_.load(std::memory_order_relaxed)) return;
  until_.compare_exchange_strong(until, kDue, std::memory_order_relaxed);
}

bool Ejection::failed(uint32_t consecutive) {
  const uint32_t failed = failed_in_a_row_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (out()) return on_trial_.load(std::memory_order_relaxed);
  return failed >= consecutive;
}

bool Ejection::succeeded() {
  if (failed_in_a_row_.load(std::memory_order_relaxed) != 0) {
    failed_in_a_row_.store(0, std::memory_order_relaxed);
  }
  // Of a request from before it was put out, which says nothing of now.
  if (!on_trial_.load(std::memory_order_relaxed)) return false;
  if (!on_trial_.exchange(false, std::memory_order_relaxed)) return false;
  times_.store(0, std::memory_order_relaxed);
  until_.store(kIn, std::memory_order_relaxed);
  return true;
}

void Ejection::undecided(MonoTime now) {
  if (!on_trial_.load(std::memory_order_relaxed)) return;
  if (!on_trial_.exchange(false, std::memory_order_relaxed)) return;
  until_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

Duration Ejection::eject(MonoTime now, const EjectionRules& rules, Random& random) {
  constexpr uint8_t kMost = 63;
  const uint8_t before = times_.load(std::memory_order_relaxed);
  times_.store(std::min<uint8_t>(static_cast<uint8_t>(before + 1), kMost),
               std::memory_order_relaxed);
  Duration length = rules.base;
  for (uint8_t i = 0; i < before && length < rules.max; ++i) length *= 2;
  length += Duration(static_cast<int64_t>(static_cast<double>(length.count()) / 2 * random.unit()));
  length = std::min(length, rules.max);
  on_trial_.store(false, std::memory_order_relaxed);
  until_.store((now + length).time_since_epoch().count(), std::memory_order_relaxed);
  return length;
}

}  // namespace woad
