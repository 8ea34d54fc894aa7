#include "proxy/exchange/body_pace.h"

#include <algorithm>

namespace woad {

BodyPace::BodyPace(Scheduler& scheduler, TimerCallback too_slow)
    : scheduler_(scheduler),
      too_slow_(too_slow),
      timer_(scheduler.timers(), bind_timer<&BodyPace::on_timer>(this)) {
  begin();
}

void BodyPace::begin() {
  began_ = scheduler_.now();
  timer_.arm(std::max(left(), Duration(0)));
}

void BodyPace::hold(bool on) {
  if (on == !timer_.armed()) return;
  if (!on) return begin();
  used_ += scheduler_.now() - began_;
  timer_.disarm();
}

// What came meanwhile does not move the timer.
void BodyPace::on_timer() {
  used_ += scheduler_.now() - began_;
  if (left() > Duration(0)) return begin();
  too_slow_.call(too_slow_.self);
}

}  // namespace woad
