// How many of the requests to a pool may be repetitions: a share of those of the last while, and a
// floor, so that a caller of little traffic has its repetitions too. A failing upstream meets a
// bounded part more, never a storm: repetitions that came as such from further up count as well, so
// that the tries of several hops do not multiply. Any thread, without locks.
#pragma once

#include "filters/retry/config.h"
#include "proxy/upstream/outcome_window.h"

namespace woad {

// Takes one repetition; false: there is none left.
bool take_repeat(RepeatWindow& window, const RetryBudgetSettings& budget, MonoTime now);

}  // namespace woad
