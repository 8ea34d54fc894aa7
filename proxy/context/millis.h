// Points in time as 32 bits of milliseconds, which wrap around after 49 days: to be compared only
// when they are less than 24 days apart.
#pragma once

#include <algorithm>
#include <cstdint>

#include "proxy/base/time.h"

namespace woad {

// The longest span that is kept in this form: 12 days.
inline constexpr int32_t kMaxMillis = int32_t{1} << 30;

// The millisecond that `time` is in.
inline uint32_t to_millis(MonoTime time) {
  return static_cast<uint32_t>(std::chrono::floor<milliseconds>(time.time_since_epoch()).count());
}

// How much later `to` is than `from`; negative when it is earlier.
inline int32_t millis_between(uint32_t from, uint32_t to) {
  return static_cast<int32_t>(to - from);
}

// The point that `millis` stands for, near `now`.
inline MonoTime from_millis(uint32_t millis, MonoTime now) {
  return std::chrono::floor<milliseconds>(now) +
         milliseconds(millis_between(to_millis(now), millis));
}

// Whole milliseconds, at least 0, at most 12 days.
inline int32_t span_millis(Duration span) {
  const auto whole = std::chrono::floor<milliseconds>(span).count();
  return static_cast<int32_t>(std::clamp<int64_t>(whole, 0, kMaxMillis));
}

}  // namespace woad
