// Keeps requests from a pool that fails as a whole, and puts out instances that fail alone.
#pragma once

#include "filters/circuit_breaker/config.h"
#include "proxy/filter/filter.h"

namespace woad {

inline constexpr FamilyInfo kEjections{.name = "woad_ejections_total",
                                       .help = "Instances that were put out of a pool.",
                                       .labels = {"service", "pool"}};

// One an exchange, on the worker's thread. What it learns is the pool's and the endpoint's
// (PoolHealth, EndpointHealth), so all workers and all reloads share it.
class CircuitBreakerFilter final : public HttpFilter {
 public:
  using Settings = CircuitBreakerSettings;
  static constexpr const config::Table<Settings>& kTable = kCircuitBreakerTable;

  // How long a request waits for room in its pool.
  static constexpr Duration kLongestWait = seconds(1);

  explicit CircuitBreakerFilter(FilterContext& context);
  ~CircuitBreakerFilter() override;

  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_outcome(const Outcome& outcome) override;
  void on_end(const ExchangeInfo&) override { leave_pool(); }

 private:
  class Wait;

  HeadVerdict wait_for_room(const Pool& pool);
  void on_room(const Pool& pool);
  void on_no_room(const Pool& pool);
  LocalReply overloaded(const Pool& pool, std::string_view and_what) const;
  // With room in the pool: past its breaker.
  Verdict enter();
  Verdict refuse(const Breaker::Entry& entry) const;
  void judge_pool(Breaker::Result result);
  void judge_endpoint(EndpointHealth& health, std::string_view name, Breaker::Result result);
  // Whether one more of the pool's instances may be put out.
  bool may_eject(double max_share) const;
  void leave_pool();
  void tell(std::string_view sentence, std::string_view endpoint, std::string_view time = {});

  FilterContext& context_;
  const Service* service_ = nullptr;
  const Pool* pool_ = nullptr;  // of the present try, and where this request counts as under way
  Breaker::Entry entry_;
  std::unique_ptr<Wait> wait_;  // of the present try, where it had to
};

}  // namespace woad
