// The slowest that a request's body may come: a client has some seconds, and more for each byte
// that it sends. Time in which we do not read does not count.
//
// Against clients that keep requests open by a byte now and then (slowloris). One thread.
#pragma once

#include <cstdint>

#include "proxy/base/scheduler.h"

namespace woad {

class BodyPace {
 public:
  // What everybody has, and what each byte adds to it (500 B/s, as Apache's mod_reqtimeout has it).
  static constexpr Duration kGrace = seconds(10);
  static constexpr Duration kPerByte = milliseconds(2);

  // Begins at once; `too_slow` is called once at most.
  BodyPace(Scheduler& scheduler, TimerCallback too_slow);

  void got(size_t bytes) { allowed_ += static_cast<int64_t>(bytes) * kPerByte; }
  // We do not read, or read again.
  void hold(bool on);

 private:
  Duration left() const { return allowed_ - used_; }
  void begin();
  void on_timer();

  Scheduler& scheduler_;
  const TimerCallback too_slow_;
  Timer timer_;  // armed: we read, since began_
  Duration allowed_ = kGrace;
  Duration used_{};
  MonoTime began_{};
};

}  // namespace woad
