#include "filters/retry/budget.h"

namespace woad {

bool take_repeat(RepeatWindow& window, const RetryBudgetSettings& budget, MonoTime now) {
  const auto [all, repeats] = window.over(now, RepeatWindow::kLongest);
  const double floor =
      budget.min_per_second * std::chrono::duration<double>(RepeatWindow::kLongest).count();
  const double most = budget.ratio.value * static_cast<double>(all - repeats) + floor;
  if (static_cast<double>(repeats + 1) > most) return false;
  window.add(now, true);
  return true;
}

}  // namespace woad
