// Gives each request the pool of its colour.
#pragma once

#include "config/no_settings.h"
#include "filters/color_routing/chain.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread. The first try chooses; later ones stay in that pool.
class ColorRoutingFilter final : public HttpFilter {
 public:
  using Settings = config::NoSettings;
  static constexpr const config::Table<Settings>& kTable = config::kNoSettings;

  explicit ColorRoutingFilter(FilterContext& context) : context_(context) {}

  Verdict on_attempt(AttemptPlan& plan, RequestHead& head) override;

 private:
  Verdict refuse(const ServiceInfo& service) const;

  FilterContext& context_;
  PoolChoice choice_;
  bool chosen_ = false;
};

}  // namespace woad
