#include "filters/circuit_breaker/filter.h"

#include <algorithm>
#include <string>
#include <utility>

namespace woad {
namespace {

std::string whole_seconds(Duration time) {
  return std::to_string(std::chrono::ceil<seconds>(time).count()) + "s";
}

std::string in_words(const Service& service, const Pool& pool) {
  return "pool " + pool.name + " of service " + std::string(service.name());
}

bool is_out(const Endpoint& endpoint) { return endpoint.unhealthy() || endpoint.ejected(); }

}  // namespace

// Waits for room in the pool of the present try, so long and no longer.
class CircuitBreakerFilter::Wait final : public PoolRoom::Waiter {
 public:
  Wait(CircuitBreakerFilter& filter, const Pool& pool)
      : filter_(filter),
        pool_(pool),
        timer_(filter.context_.scheduler().timers(), bind_timer<&Wait::on_no_room>(this)) {
    timer_.arm(kLongestWait);
  }

 private:
  void on_room() override {
    timer_.disarm();
    filter_.on_room(pool_);
  }
  void on_no_room() {
    leave();
    filter_.on_no_room(pool_);
  }

  CircuitBreakerFilter& filter_;
  const Pool& pool_;
  Timer timer_;
};

CircuitBreakerFilter::CircuitBreakerFilter(FilterContext& context) : context_(context) {}

CircuitBreakerFilter::~CircuitBreakerFilter() { leave_pool(); }

HeadVerdict CircuitBreakerFilter::on_attempt(AttemptPlan& plan, RequestHead&) {
  leave_pool();
  const Pool* pool = plan.pool_or_base();
  if (pool == nullptr || pool->health == nullptr) return Verdict::go();
  service_ = &plan.service;
  if (!pool->health->room.take(context_.settings<Settings>().max_requests)) {
    return wait_for_room(*pool);
  }
  pool_ = pool;
  return enter();
}

HeadVerdict CircuitBreakerFilter::wait_for_room(const Pool& pool) {
  const Settings& settings = context_.settings<Settings>();
  wait_ = std::make_unique<Wait>(*this, pool);
  if (pool.health->room.wait(*wait_, settings.max_requests, settings.max_pending,
                             context_.scheduler().mailbox())) {
    return HeadVerdict::wait();
  }
  wait_.reset();
  return Verdict::reply(overloaded(pool, ", and " + std::to_string(settings.max_pending) +
                                             " wait (circuit_breaker.max_pending)"));
}

LocalReply CircuitBreakerFilter::overloaded(const Pool& pool, std::string_view and_what) const {
  return {.code = ErrorCode::kOverloaded,
          .details = in_words(*service_, pool) + " has " +
                     std::to_string(context_.settings<Settings>().max_requests) +
                     " requests under way (circuit_breaker.max_requests)" + std::string(and_what)};
}

void CircuitBreakerFilter::on_room(const Pool& pool) {
  pool_ = &pool;
  Verdict verdict = enter();
  if (verdict.kind() == Verdict::Kind::kReply) return context_.reply(verdict.take_reply());
  context_.resume();
}

void CircuitBreakerFilter::on_no_room(const Pool& pool) {
  context_.reply(overloaded(pool, ", and none ended within " + config::show(kLongestWait)));
}

Verdict CircuitBreakerFilter::enter() {
  entry_ = pool_->health->breaker.enter(context_.scheduler().now(),
                                        context_.settings<Settings>().breaker_rules());
  if (entry_.admitted) return Verdict::go();
  Verdict refusal = refuse(entry_);
  leave_pool();
  return refusal;
}

Verdict CircuitBreakerFilter::refuse(const Breaker::Entry& entry) const {
  const bool by_hand = pool_->health->breaker.forced() == Breaker::Forced::kOpen;
  std::string details = "the breaker of " + in_words(*service_, *pool_);
  if (by_hand) {
    details += " was opened by hand (POST /breaker)";
  } else if (entry.wait > Duration(0)) {
    details += " is open after failures, and lets probes pass in " + whole_seconds(entry.wait) +
               " (circuit_breaker.open)";
  } else {
    details += " is half open, and all of its probes are under way (circuit_breaker.probes)";
  }
  const auto wait = std::max<int64_t>(std::chrono::ceil<seconds>(entry.wait).count(), 1);
  return Verdict::reply({.code = ErrorCode::kCircuitOpen,
                         .details = std::move(details),
                         .retry_after_seconds = by_hand ? 0 : static_cast<int>(wait)});
}

void CircuitBreakerFilter::on_outcome(const Outcome& outcome) {
  if (pool_ == nullptr) return;
  const Breaker::Result result = judge(outcome);
  judge_pool(result);
  if (outcome.endpoint != nullptr && outcome.endpoint->health != nullptr) {
    judge_endpoint(*outcome.endpoint->health, outcome.endpoint->name, result);
  }
  // An accepted response is under way until the exchange ends.
  if (outcome.kind != Outcome::Kind::kAccepted) leave_pool();
}

void CircuitBreakerFilter::judge_pool(Breaker::Result result) {
  const BreakerRules rules = context_.settings<Settings>().breaker_rules();
  Breaker& breaker = pool_->health->breaker;
  switch (breaker.leave(entry_, result, context_.scheduler().now(), rules)) {
    case Breaker::Change::kNone: return;
    case Breaker::Change::kOpened:
      return tell("a breaker opened: too many tries failed", {},
                  config::show(breaker.opened_for(rules)));
    case Breaker::Change::kClosed: return tell("a breaker closed: its probes were good", {});
  }
}

void CircuitBreakerFilter::judge_endpoint(EndpointHealth& health, std::string_view name,
                                          Breaker::Result result) {
  const MonoTime now = context_.scheduler().now();
  Ejection& ejection = health.ejection;
  switch (result) {
    case Breaker::Result::kUnknown: return ejection.undecided(now);
    case Breaker::Result::kGood:
      health.answered(now);
      if (ejection.succeeded()) tell("an instance is in its pool again: its trial was good", name);
      return;
    case Breaker::Result::kFailed: break;
  }
  const EjectionRules rules = context_.settings<Settings>().ejection_rules();
  if (!ejection.failed(rules.consecutive)) return;
  Duration length{};
  {
    const std::lock_guard lock(pool_->health->ejecting);
    if (!ejection.out() && !may_eject(rules.max_share)) return;
    length = ejection.eject(now, rules, context_.random());
  }
  WorkerMetrics& metrics = context_.metrics();
  metrics.count(kEjections, {metrics.intern(service_->name()), metrics.intern(pool_->name)});
  tell("an instance is put out of its pool: it failed again and again", name,
       config::show(std::chrono::duration_cast<milliseconds>(length)));
}

bool CircuitBreakerFilter::may_eject(double max_share) const {
  const auto& all = pool_->endpoints;
  const auto out = static_cast<size_t>(std::count_if(all.begin(), all.end(), is_out));
  const auto most = static_cast<size_t>(max_share * static_cast<double>(all.size()));
  return out + 1 <= most && out + 1 < all.size();
}

void CircuitBreakerFilter::leave_pool() {
  wait_.reset();
  if (const Pool* pool = std::exchange(pool_, nullptr)) pool->health->room.give_back();
}

void CircuitBreakerFilter::tell(std::string_view sentence, std::string_view endpoint,
                                std::string_view time) {
  if (context_.log() == nullptr) return;
  context_.log()->warn(sentence, {{"service", service_->name()},
                                  {"pool", pool_->name},
                                  {"endpoint", endpoint},
                                  {"for", time}});
}

}  // namespace woad
