// Self-protection: a set of endpoints that lost more than half of its members at once is not
// believed at once, for its source may have lost them, not they their life.
//
// Whoever left stays in use as a suspect (Endpoint::suspect_until) while it answers, for kSuspected
// at most. A set is the addresses of one name in a pool, or the addresses written in a pool where
// they are many: a few lines that somebody takes out of a file are meant. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "proxy/upstream/service.h"

namespace woad {

constexpr Duration kSuspected = seconds(90);
// Sets of so many written addresses come from a generator, whose source may fail.
constexpr size_t kManyWritten = 10;

// Of `before`, a pool of the snapshot before, who stays beside `now`, the addresses that `name`
// ("price:80") has in that pool now.
std::vector<Endpoint> suspects_of_name(const Pool& before, std::string_view name,
                                       std::span<const Address> now, MonoTime time);
// The same for the addresses that are written; `now`: the pool as it is now.
std::vector<Endpoint> suspects_as_written(const Pool& before, const Pool& now, MonoTime time);
// Takes out suspects that only moved: their address is in `service` with other labels now.
void drop_moved_suspects(Service& service);

}  // namespace woad
