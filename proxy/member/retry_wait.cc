#include "proxy/member/retry_wait.h"

#include <algorithm>

#include "proxy/base/backoff.h"

namespace woad {

Duration RetryWait::up_to(Duration most) {
  return Duration(static_cast<int64_t>(random_.unit() * static_cast<double>(most.count())));
}

Duration RetryWait::next(std::optional<Duration> asked) {
  const int before = failures_++;
  Duration wait = up_to(kFirst);
  if (before > 0) wait = backoff(random_, kShortest * 2, kLongest, before - 1);
  if (!asked) return wait;
  const Duration heeded = std::min<Duration>(*asked, kLongest);
  return std::max(wait, heeded + up_to(heeded / 10));
}

}  // namespace woad
