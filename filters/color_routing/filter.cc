#include "filters/color_routing/filter.h"

#include <string>

namespace woad {

Verdict ColorRoutingFilter::on_attempt(AttemptPlan& plan, RequestHead&) {
  const ExchangeInfo& info = context_.info();
  if (!chosen_) choice_ = choose_pool(plan.service, info.color, info.tenant);
  chosen_ = true;
  plan.pool = choice_.pool;
  plan.pool_reason = choice_.reason;
  return choice_.error == ErrorCode::kNone ? Verdict::go() : refuse(plan.service);
}

// Colours and tenants have a narrow syntax, so they may stand in the sentence.
Verdict ColorRoutingFilter::refuse(const ServiceInfo& service) const {
  const ExchangeInfo& info = context_.info();
  std::string who = info.color.empty() ? "an undyed request" : "color " + std::string(info.color);
  if (!info.tenant.empty()) who += " of tenant " + std::string(info.tenant);
  std::string details = "service " + std::string(service.name());
  if (choice_.pool == nullptr) {
    details += " has no pool for " + who;
    if (!info.color.empty()) {
      details += service.fallback() == Fallback::kNone ? ", and its fallback is none"
                                                       : ", and none of base to fall back to";
    }
  } else {
    details += " has no endpoint to answer in pool " + choice_.pool->name + ", asked for by " + who;
    details += choice_.error == ErrorCode::kPoolUnhealthy ? " (on_unhealthy: fail)"
                                                          : " (on_unhealthy: panic)";
  }
  return Verdict::reply({.code = choice_.error, .details = std::move(details)});
}

}  // namespace woad
