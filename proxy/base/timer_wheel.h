// Many timers at O(1) for arming and disarming: a hierarchical wheel with ticks of one millisecond.
//
// A timer fires no earlier than asked and, when advance() is called in time, at most one tick late.
// One thread. The wheel outlives its timers.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/time.h"

namespace woad {

class TimerWheel;

// Destroying a timer disarms it. The callback is a method, bound at construction:
//   Timer idle_{wheel, bind_timer<&Connection::on_idle>(this)};
struct TimerCallback {
  void (*call)(void* self);
  void* self;
};

template <auto Method, class T>
TimerCallback bind_timer(T* self) {
  return {[](void* object) { (static_cast<T*>(object)->*Method)(); }, self};
}

class Timer : private ListLink {
 public:
  Timer(TimerWheel& wheel, TimerCallback callback) : wheel_(wheel), callback_(callback) {}

  // Fires once, `delay` from the wheel's now; an armed timer is moved.
  void arm(Duration delay);
  void disarm() { unlink(); }
  bool armed() const { return linked(); }

 private:
  friend class TimerWheel;
  friend class IntrusiveList<Timer>;
  TimerWheel& wheel_;
  TimerCallback callback_;
  uint64_t due_tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr Duration kTick = milliseconds(1);
  // Longer delays count as this.
  static constexpr Duration kLongest = hours(24 * 365);

  explicit TimerWheel(MonoTime now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Moves time forward (never back) and fires what is due; callbacks may arm and disarm timers.
  void advance(MonoTime now);
  MonoTime now() const { return now_; }

  // No timer is due before this; MonoTime::max() when none is armed. May be early, never late.
  MonoTime next_due() const { return next_due_; }

 private:
  friend class Timer;
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;
  static constexpr int kLevels = 7;  // 2^42 ms, 139 years: a tick never wraps

  void insert(Timer& timer);
  void fire_slot();
  void cascade();
  uint64_t first_busy_tick() const;
  MonoTime time_of(uint64_t tick) const { return start_ + static_cast<int64_t>(tick) * kTick; }
  uint64_t tick_of(MonoTime time) const { return static_cast<uint64_t>((time - start_) / kTick); }

  std::array<std::array<IntrusiveList<Timer>, kSlots>, kLevels> slots_;
  // A set bit: the slot may hold timers; cleared when the slot is visited.
  std::array<uint64_t, kLevels> busy_{};
  MonoTime start_;
  MonoTime now_;
  MonoTime next_due_ = MonoTime::max();
  uint64_t tick_ = 0;  // every tick up to and including this one has been fired
};

}  // namespace woad
