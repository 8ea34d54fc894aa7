// Gives each request the pool of its colour.
#pragma once

#include "config/no_settings.h"
#include "proxy/filter/filter.h"
#include "proxy/upstream/pool_choice.h"

namespace woad {

// One an exchange, on the worker's thread. The first try chooses; later ones stay in that pool.
class ColorRoutingFilter final : public HttpFilter {
 public:
  using Settings = config::NoSettings;  // `pools` and `fallback` stand at each service
  static constexpr const config::Table<Settings>& kTable = config::kNoSettings;

  explicit ColorRoutingFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;

 private:
  FilterContext& context_;
  PoolChoice choice_;
};

}  // namespace woad
