#include "filters/retry/budget.h"

namespace woad {

bool RetryBudget::take(MonoTime now) {
  const OutcomeWindow::Counts counts = window_.over(now, kWindow);
  const auto requests = static_cast<double>(counts.all - counts.failed);
  const double floor = rules_.min_per_second * std::chrono::duration<double>(kWindow).count();
  if (static_cast<double>(counts.failed + 1) > rules_.ratio.value * requests + floor) return false;
  window_.add(now, true);
  return true;
}

}  // namespace woad
