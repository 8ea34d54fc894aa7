#include "proxy/base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace woad {

void Timer::arm(Duration delay) {
  unlink();
  // Rounded up, and counted from now rather than from the last tick: never early.
  const MonoTime due = wheel_.now_ + std::clamp(delay, Duration(0), TimerWheel::kLongest);
  due_tick_ = std::max(wheel_.tick_of(due + TimerWheel::kTick - Duration(1)), wheel_.tick_ + 1);
  wheel_.insert(*this);
}

TimerWheel::TimerWheel(MonoTime now) : start_(now), now_(now) {}

void TimerWheel::insert(Timer& timer) {
  // The level is where the due tick and the present one first differ, so a slot is visited once.
  const uint64_t differ = timer.due_tick_ ^ tick_;
  const int level = differ == 0 ? 0 : (63 - std::countl_zero(differ)) / kBits;
  const auto slot = static_cast<size_t>((timer.due_tick_ >> (level * kBits)) & (kSlots - 1));
  slots_[static_cast<size_t>(level)][slot].push_back(timer);
  busy_[static_cast<size_t>(level)] |= uint64_t{1} << slot;
  next_due_ = std::min(next_due_, time_of(timer.due_tick_));
}

// The next tick at which something happens: a level-0 slot to fire or a higher slot to spread.
uint64_t TimerWheel::first_busy_tick() const {
  for (int level = 0; level < kLevels; ++level) {
    const uint64_t position = (tick_ >> (level * kBits)) & (kSlots - 1);
    const uint64_t ahead = busy_[static_cast<size_t>(level)] & ~((uint64_t{2} << position) - 1);
    if (ahead == 0) continue;
    const auto slot = static_cast<uint64_t>(std::countr_zero(ahead));
    const uint64_t round = tick_ >> ((level + 1) * kBits) << ((level + 1) * kBits);
    return round + (slot << (level * kBits));
  }
  return UINT64_MAX;
}

// Spreads the higher slots that begin at this tick over the lower levels.
void TimerWheel::cascade() {
  for (int level = 1; level < kLevels; ++level) {
    if ((tick_ & ((uint64_t{1} << (level * kBits)) - 1)) != 0) break;
    const auto index = static_cast<size_t>(level);
    const auto slot = static_cast<size_t>((tick_ >> (level * kBits)) & (kSlots - 1));
    IntrusiveList<Timer> moved;
    moved.splice_back(slots_[index][slot]);
    busy_[index] &= ~(uint64_t{1} << slot);
    while (!moved.empty()) insert(moved.pop_front());
  }
}

void TimerWheel::fire_slot() {
  const auto slot = static_cast<size_t>(tick_ & (kSlots - 1));
  IntrusiveList<Timer> due;
  due.splice_back(slots_[0][slot]);
  busy_[0] &= ~(uint64_t{1} << slot);
  while (!due.empty()) {
    Timer& timer = due.pop_front();
    timer.callback_.call(timer.callback_.self);
  }
}

void TimerWheel::advance(MonoTime now) {
  if (now <= now_) return;
  now_ = now;
  if (now < next_due_) return;
  const uint64_t target = tick_of(now);
  while (tick_ < target) {
    const uint64_t next = first_busy_tick();
    if (next > target) {
      tick_ = target;
      break;
    }
    tick_ = next;
    cascade();
    fire_slot();
  }
  const uint64_t next = first_busy_tick();
  next_due_ = next == UINT64_MAX ? MonoTime::max() : time_of(next);
}

}  // namespace woad
