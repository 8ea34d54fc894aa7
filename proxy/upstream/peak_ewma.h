// How long an endpoint takes to answer, as it looks now: a moving average that a longer time raises
// at once, and that shorter ones, or none at all, bring down by and by. One thread.
#pragma once

#include <algorithm>
#include <cmath>

#include "proxy/base/time.h"

namespace woad {

class PeakEwma {
 public:
  // What was seen so long ago counts for 1/e.
  static constexpr Duration kDecay = seconds(10);
  // An answer that failed counts as one that took so long at least, or an endpoint that refuses
  // everything at once would look like the best.
  static constexpr Duration kFailed = seconds(1);

  void observe(Duration took, MonoTime now) {
    const auto fresh = static_cast<double>(took.count());
    const double before = at(now);
    value_ = fresh > before ? fresh : before + fresh * (1 - decay(now));
    seen_ = now;
  }
  void observe_failure(Duration took, MonoTime now) { observe(std::max(took, kFailed), now); }
  // There was no answer yet after so long, and nobody waits for it any more.
  void observe_unanswered(Duration waited, MonoTime now) {
    if (static_cast<double>(waited.count()) > at(now)) observe(waited, now);
  }

  bool known() const { return seen_ != MonoTime::min(); }
  // In nanoseconds; 0 when nothing is known.
  double at(MonoTime now) const { return value_ * decay(now); }

 private:
  double decay(MonoTime now) const {
    if (!known()) return 0;
    using Count = std::chrono::duration<double>;
    return std::exp(-(Count(now - seen_) / Count(kDecay)));
  }

  double value_ = 0;
  MonoTime seen_ = MonoTime::min();
};

}  // namespace woad
