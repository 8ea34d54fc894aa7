// Another try for a request whose try failed, where that can do no harm and is not too much.
#pragma once

#include "filters/retry/config.h"
#include "proxy/filter/filter.h"

namespace woad {

inline constexpr FamilyInfo kRetries{
    .name = "woad_retries_total",
    .help =
        "Tries that failed and could be repeated, by what became of that: sent, no_budget, "
        "no_time.",
    .labels = {"service", "pool", "result"}};

// One an exchange, on the worker's thread. What budgets count is the pool's (PoolHealth), so all
// workers, places and reloads share it.
class RetryFilter final : public HttpFilter {
 public:
  using Settings = RetrySettings;
  static constexpr const config::Table<Settings>& kTable = kRetryTable;

  explicit RetryFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;
  Next next_try(const Outcome& outcome) override;

 private:
  Duration wait_for(const Outcome& outcome);
  void count(std::string_view result);

  FilterContext& context_;
  const RequestHead* head_ = nullptr;  // of the present try
  const Service* service_ = nullptr;
  const Pool* pool_ = nullptr;  // of the present try; nullptr: there is none
  bool repeated_ = false;       // the request is itself a repetition
};

}  // namespace woad
