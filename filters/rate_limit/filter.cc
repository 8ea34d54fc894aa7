#include "filters/rate_limit/filter.h"

#include <algorithm>
#include <limits>
#include <string>

#include "proxy/base/context_value.h"

namespace woad {

RateLimitState::RateLimitState(const RateLimitSettings& settings)
    : shape_(settings.rate.count, settings.rate.per, settings.burst) {
  const bool limits = settings.rate.count > 0;
  if (limits && settings.key.kind != RateKey::Kind::kNone) by_key_.emplace();
}

Duration RateLimitState::take(std::string_view key, MonoTime now) {
  const int64_t at = now.time_since_epoch().count();
  return shape_.take(by_key_ ? by_key_->find(key, at) : full_at_, at);
}

std::string_view RateLimitFilter::key_of(const RateKey& key, const RequestHead& head) const {
  switch (key.kind) {
    case RateKey::Kind::kNone: return {};
    case RateKey::Kind::kTenant: return context_.info().tenant;
    case RateKey::Kind::kColor: return context_.info().color;
    case RateKey::Kind::kPrincipal: return context_.info().principal;
    case RateKey::Kind::kHeader: {
      const Header* field = head.headers.find(*key.header);
      return field == nullptr ? std::string_view() : field->value;
    }
  }
  return {};
}

HeadVerdict RateLimitFilter::on_request_head(RequestHead& head, bool) {
  const Settings& settings = context_.settings<Settings>();
  if (settings.rate.count == 0) return Verdict::go();
  const Duration wait =
      context_.state<State>().take(key_of(settings.key, head), context_.scheduler().now());
  return wait == Duration(0) ? Verdict::go() : refuse(settings, wait);
}

Verdict RateLimitFilter::refuse(const Settings& settings, Duration wait) const {
  const ExchangeInfo& info = context_.info();
  std::string details = "over the rate of " + show(settings.rate) + " with a burst of " +
                        std::to_string(settings.burst);
  switch (settings.key.kind) {
    case RateKey::Kind::kNone: break;
    case RateKey::Kind::kTenant:
      details += info.tenant.empty() ? " for requests without a tenant"
                                     : " for tenant " + std::string(info.tenant);
      break;
    case RateKey::Kind::kColor:
      details += " for color " + std::string(info.color.empty() ? kBaseColor : info.color);
      break;
    case RateKey::Kind::kPrincipal:
      details += info.principal.empty() ? " for callers without an identity"
                                        : " for " + std::string(info.principal);
      break;
    case RateKey::Kind::kHeader: details += " for its " + settings.key.header->text; break;
  }
  const int64_t whole = std::chrono::ceil<seconds>(wait).count();
  const int64_t most = std::numeric_limits<int>::max();
  return Verdict::reply(
      {.code = ErrorCode::kRateLimited,
       .details = details + " (rate_limit)",
       .retry_after_seconds = static_cast<int>(std::clamp<int64_t>(whole, 1, most))});
}

}  // namespace woad
