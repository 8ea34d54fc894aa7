// Points in time and durations. Timers use the monotonic clock alone; wall time is for showing.
#pragma once

#include <chrono>

namespace woad {

using Duration = std::chrono::nanoseconds;
// CLOCK_MONOTONIC; unaffected by changes of the wall clock.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace woad
