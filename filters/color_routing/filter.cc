#include "filters/color_routing/filter.h"

namespace woad {

HeadVerdict ColorRoutingFilter::on_attempt(AttemptPlan& plan, RequestHead&) {
  const ExchangeInfo& info = context_.info();
  const MonoTime now = context_.scheduler().now();
  if (plan.number == 1) choice_ = choose_pool(plan.service, info.color, info.tenant, now);
  plan.pool = choice_.pool;
  plan.pool_reason = choice_.reason;
  if (choice_.error == ErrorCode::kNone) return Verdict::go();
  return Verdict::reply(refusal(choice_, plan.service, info.color, info.tenant, now));
}

}  // namespace woad
