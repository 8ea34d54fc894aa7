// When a connection must be over: because a certificate of it ends, or because what it was opened
// with has been replaced.
//
// kGrace before the deadline the connection is asked to drain, at the deadline it is cut. Two
// deadlines: the earlier counts. One thread.
#pragma once

#include <algorithm>
#include <string_view>

#include "proxy/base/scheduler.h"
#include "proxy/net/tls/svid.h"

namespace woad {

class AgeSink {
 public:
  // End gracefully: no new requests.
  virtual void on_old() = 0;
  // Whatever runs is cut.
  virtual void on_too_old() = 0;

 protected:
  ~AgeSink() = default;
};

class ConnectionAge {
 public:
  static constexpr Duration kGrace = seconds(60);
  // What runs on a connection of an older TLS epoch may go on for so long (config/reference.md,
  // "Rotation").
  static constexpr Duration kReplaced = hours(1);
  static constexpr std::string_view kTooOld =
      "the connection is too old: its certificate, or what replaced it, ends it";

  // Both outlive the age.
  ConnectionAge(Scheduler& scheduler, AgeSink& sink)
      : scheduler_(scheduler),
        sink_(sink),
        timer_(scheduler.timers(), bind_timer<&ConnectionAge::on_timer>(this)) {}

  // A certificate of the connection ends then (WallTime::max(): none does), and the connection
  // drains; one that was let in after that, for the clocks may differ, when kClockSkew is over too.
  void end_with_certificate(WallTime not_after) {
    if (not_after == WallTime::max()) return;
    const Duration rest = not_after - scheduler_.wall();
    end_within((rest > Duration(0) ? rest : rest + kClockSkew) + kGrace);
  }
  void end_within(Duration rest) {
    const MonoTime deadline = scheduler_.now() + rest;
    if (deadline >= deadline_) return;
    deadline_ = deadline;
    arm(rest - kGrace);
  }
  void stop() { timer_.disarm(); }

 private:
  void arm(Duration delay) { timer_.arm(std::max(delay, Duration(0))); }
  void on_timer() {
    const Duration rest = deadline_ - scheduler_.now();
    if (rest <= Duration(0)) {
      sink_.on_too_old();
    } else {
      arm(rest);
      sink_.on_old();
    }
  }

  Scheduler& scheduler_;
  AgeSink& sink_;
  Timer timer_;
  MonoTime deadline_ = MonoTime::max();
};

}  // namespace woad
