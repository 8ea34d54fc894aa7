#include "proxy/member/retry_wait.h"

#include <algorithm>

namespace woad {

Duration RetryWait::up_to(Duration most) {
  return Duration(static_cast<int64_t>(random_.unit() * static_cast<double>(most.count())));
}

Duration RetryWait::next(std::optional<Duration> asked) {
  const int before = failures_++;
  Duration wait = up_to(kFirst);
  if (before > 0) {
    constexpr int kDoublings = 6;  // to kLongest
    const Duration most =
        std::min<Duration>(kLongest, kShortest * 2 * (1 << std::min(before - 1, kDoublings)));
    wait = most / 2 + up_to(most / 2);
  }
  if (!asked) return wait;
  const Duration heeded = std::min(*asked, kLongestAsked);
  return std::max(wait, heeded + up_to(heeded / 10));
}

}  // namespace woad
