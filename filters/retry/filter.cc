#include "filters/retry/filter.h"

#include <algorithm>
#include <string>

#include "proxy/context/names.h"
#include "proxy/http/retry_after.h"

namespace woad {
namespace {

constexpr std::string_view kIdempotencyKey = "idempotency-key";

Duration asked_wait(const ResponseHead* response, WallTime now) {
  const Header* field = response == nullptr ? nullptr : response->headers.find("retry-after");
  return field == nullptr ? Duration(0)
                          : parse_retry_after(field->value, now).value_or(Duration(0));
}

// Whether `on` names how the try ended.
bool is_cause(const Outcome& outcome, const std::vector<RetryOn>& on) {
  const auto named = [&on](RetryOn cause) {
    return std::find(on.begin(), on.end(), cause) != on.end();
  };
  using enum Outcome::Kind;
  switch (outcome.kind) {
    case kConnectFailed: return named(RetryOn::kConnect);
    case kRefused: return named(RetryOn::kRefused);
    case kReset: return named(RetryOn::kReset);
    case kPerTryTimeout: return named(RetryOn::kPerTry);
    case kAccepted:
      switch (outcome.status()) {
        case 502: return named(RetryOn::k502);
        case 503: return named(RetryOn::k503);
        case 504: return named(RetryOn::k504);
        default: return false;
      }
    case kNoMeans:
    case kBadResponse:
    case kCancelled:
    case kNotMade: return false;
  }
  return false;
}

// Whether a request may be sent again after its try ended so (RFC 9110 section 9.2.2): whatever its
// method when nothing of it was processed, else when it is idempotent or `methods` lets any pass.
bool may_resend(const Outcome& outcome, const RequestHead& head, RetryMethods methods) {
  if (outcome_info(outcome.kind).unprocessed) return true;
  const bool unseen = outcome.kind != Outcome::Kind::kAccepted && !outcome.anything_sent;
  return unseen || methods == RetryMethods::kAny || is_idempotent(head.method) ||
         head.headers.find(kIdempotencyKey) != nullptr;
}

// Takes one repetition of those that a pool may have: a share of its requests of the last while,
// and a floor, so that a caller of little traffic has its repetitions too. A failing upstream meets
// a bounded part more, never a storm: repetitions that came as such from further up count as well,
// so that the tries of several hops do not multiply. False: there is none left. Any thread, without
// locks.
bool take_repeat(RepeatWindow& window, const RetryBudgetSettings& budget, MonoTime now) {
  const auto [all, repeats] = window.over(now, RepeatWindow::kLongest);
  const double floor =
      budget.min_per_second * std::chrono::duration<double>(RepeatWindow::kLongest).count();
  const double most = budget.ratio.value * static_cast<double>(all - repeats) + floor;
  if (static_cast<double>(repeats + 1) > most) return false;
  window.add(now, true);
  return true;
}

}  // namespace

HeadVerdict RetryFilter::on_attempt(AttemptPlan& plan, RequestHead& head) {
  head_ = &head;
  service_ = &plan.service;
  pool_ = plan.pool_or_base();
  const uint32_t came = take_attempt(head.headers);
  if (plan.number == 1) {
    repeated_ = context_.info().caller_attempt > 1 || came > 1;
    if (pool_ != nullptr) {
      pool_->health->repeats.get().add(context_.scheduler().now(), repeated_);
    }
  }
  if (!plan.service.external) {
    const uint32_t number = std::max<uint32_t>(plan.number, repeated_ ? 2 : 1);
    const std::string_view digits =
        number == 1 ? std::string_view("1") : context_.arena().copy(std::to_string(number));
    head.headers.add(kAttemptHeader, digits, HeaderId::kOther);
  }
  return Verdict::go();
}

Next RetryFilter::next_try(const Outcome& outcome) {
  const Settings& settings = context_.settings<Settings>();
  const bool tries =
      settings.mode == RetryMode::kFailover || settings.mode == RetryMode::kFailcache;
  const uint32_t most =
      settings.mode == RetryMode::kFailcache ? std::min(settings.attempts, 1U) : settings.attempts;
  if (!tries || outcome.number > most || repeated_ || pool_ == nullptr) return Next::done();
  if (!is_cause(outcome, settings.on) || !may_resend(outcome, *head_, settings.methods)) {
    return Next::done();
  }
  const Duration wait = wait_for(outcome);
  const MonoTime now = context_.scheduler().now();
  if (context_.info().deadline - now <= wait) {
    count("no_time");
    return Next::done();
  }
  if (!take_repeat(pool_->health->repeats.get(), settings.budget, now)) {
    count("no_budget");
    return Next::done();
  }
  count("sent");
  return Next::again(wait);
}

// Full jitter: anything up to the doubled base, so that callers who failed together do not come
// back together. What the upstream asks for is the least.
Duration RetryFilter::wait_for(const Outcome& outcome) {
  const Settings& settings = context_.settings<Settings>();
  const Duration asked = asked_wait(outcome.response, context_.scheduler().wall());
  if (settings.mode == RetryMode::kFailcache) return std::max(settings.pause, asked);
  const uint32_t doublings = std::min(outcome.number - 1, 20U);
  const Duration longest =
      std::min(settings.backoff.base * (1U << doublings), settings.backoff.max);
  const auto most = static_cast<uint64_t>(longest.count());
  return std::max(Duration(static_cast<int64_t>(context_.random().below(most + 1))), asked);
}

void RetryFilter::count(std::string_view result) {
  WorkerMetrics& metrics = context_.metrics();
  metrics.count(kRetries, {metrics.intern(service_->name()), metrics.intern(pool_->name),
                           metrics.intern(result)});
}

}  // namespace woad
