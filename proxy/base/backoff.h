// How long to wait before the next try. Pure.
#pragma once

#include <algorithm>

#include "proxy/base/random.h"
#include "proxy/base/time.h"

namespace woad {

// `first` after no failure, doubled with each one until `longest`, of which a random share of at
// most half is left off, so that those that failed together do not come back together.
inline Duration backoff(Random& random, Duration first, Duration longest, int failures) {
  constexpr int kMostDoublings = 16;
  const Duration whole = std::min(longest, first * (1 << std::min(failures, kMostDoublings)));
  const auto half = static_cast<uint64_t>(whole.count() / 2);
  return whole - Duration(static_cast<int64_t>(random.below(half + 1)));
}

}  // namespace woad
