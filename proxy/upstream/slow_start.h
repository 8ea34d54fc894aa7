// Slow start: an endpoint that joins a pool which has others takes up its share over a while, since
// its caches are cold and its code is not compiled yet. It takes part in a growing share of the
// picks, whatever the policy; in the others it is as though it were not there. Who is there from
// the start, or when all are new, is not held back. Any thread.
#pragma once

#include "proxy/base/time.h"

namespace woad {

struct Pool;

// For so long, from so small a share on.
inline constexpr Duration kSlowStart = seconds(30);
inline constexpr double kFirstShare = 0.1;

inline bool starts_slowly(MonoTime joined, MonoTime now) {
  return joined != MonoTime::min() && now - joined < kSlowStart;
}
// The share of picks in which one that joined then takes part, up to 1.
double share_of_picks(MonoTime joined, MonoTime now);

// Notes which endpoints of a finished pool were not in `before`, an earlier state of it, and joined
// it `now`; those that were there have what was noted of them.
void note_joined(Pool& pool, const Pool& before, MonoTime now);

}  // namespace woad
