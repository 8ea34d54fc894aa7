// How many of a pool's tries may be repetitions: a share of its requests of the last while, and a
// floor, so that a caller of little traffic has its repetitions too. A failing upstream meets a
// bounded part more, never a storm. Any thread, without locks.
#pragma once

#include "filters/retry/config.h"
#include "proxy/upstream/outcome_window.h"

namespace woad {

class RetryBudget {
 public:
  static constexpr Duration kWindow = seconds(10);

  explicit RetryBudget(const RetrySettings& settings) : rules_(settings.budget) {}

  void request(MonoTime now) { window_.add(now, false); }
  // Takes one repetition; false: there is none left.
  bool take(MonoTime now);

 private:
  const RetryBudgetSettings rules_;
  OutcomeWindow window_;  // its failed ones are the repetitions
};

}  // namespace woad
