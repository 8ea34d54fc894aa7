#include "proxy/exchange/forwarder.h"

#include <utility>

#include "proxy/exchange/measure.h"
#include "proxy/exchange/narrate.h"
#include "proxy/exchange/state.h"

namespace woad {

using State = ForwarderState;

namespace {

Protocol protocol_for(const Service& service, const ExchangeInfo& info, const RequestHead& head) {
  if (head.protocol == Protocol::kTcp) return Protocol::kTcp;
  switch (service.protocol) {
    case UpstreamProtocol::kHttp1: return Protocol::kHttp11;
    case UpstreamProtocol::kHttp2: return Protocol::kHttp2;
    case UpstreamProtocol::kAsCame:
      return head.protocol == Protocol::kHttp2 ? Protocol::kHttp2 : Protocol::kHttp11;
    default: break;
  }
  // Without TLS nobody says what the server speaks; HTTP/2 carries no Upgrade.
  const bool http2 = info.grpc || service.channel->tls != nullptr;
  return http2 && head.upgrade.empty() ? Protocol::kHttp2 : Protocol::kHttp11;
}

PickBy pick_by(const Service& service, const RequestHead& head, const Address& client) {
  if (service.policy != BalancerPolicy::kRingHash) return service.policy;
  return {service.policy, service.affinity.key_of(head, client)};
}

LocalReply nobody_there(const Service& service, std::string_view pool) {
  return {.code = ErrorCode::kNoEndpoint,
          .details = "service " + std::string(service.name()) + " has no endpoint in pool " +
                     std::string(pool)};
}

LocalReply unresolved(const Pool& pool) {
  return {.code = ErrorCode::kConnectFailed,
          .details = pool.endpoints[0].unresolved,
          .proxy_status = "dns_error"};
}

}  // namespace

Forwarder::Forwarder(ForwarderOwner& owner, ResponseSink& sink, const WorkerContext& worker,
                     SnapshotView& view, ExchangeInfo& info, Arena& arena)
    : owner_(owner),
      sink_(sink),
      worker_(worker),
      view_(view),
      info_(info),
      arena_(arena),
      kept_(worker.memory),
      per_try_(worker.scheduler.timers(), bind_timer<&Forwarder::on_per_try>(this)),
      backoff_(worker.scheduler.timers(), bind_timer<&Forwarder::try_next>(this)) {}

void Forwarder::start(const ServiceEntry& target, RequestHead& head, bool end, bool repeatable) {
  target_ = &target;
  head_ = &head;
  request_ended_ = end;
  repeatable_ = repeatable;
  try_next();
}

// Each try shapes a head of its own; where there can be but one it shapes the request's.
void Forwarder::give_head() {
  if (!repeatable_) return;
  if (pristine_ == nullptr) {
    pristine_ = arena_.make<RequestHead>(*head_);
  } else {
    head_ = arena_.make<RequestHead>(*pristine_);
  }
}

void Forwarder::try_next() {
  move_to(state_, State::kTrying);
  give_head();
  plan_.emplace(AttemptPlan{target_->service, ++info_.attempts});
  shape();
}

void Forwarder::resume() {
  if (state_ != State::kHeld) return;
  move_to(state_, State::kTrying);
  shape();
}

void Forwarder::shape() {
  const Service& service = target_->service;
  AttemptPlan& plan = *plan_;
  HeadVerdict verdict = owner_.shape_attempt(plan, *head_);
  if (verdict.kind() == HeadVerdict::Kind::kWait) return move_to(state_, State::kHeld);
  const bool refused = verdict.kind() == HeadVerdict::Kind::kReply;
  if (!refused) plan.pool = plan.pool_or_base();
  info_.pool = plan.pool == nullptr ? std::string_view() : std::string_view(plan.pool->name);
  info_.pool_reason = plan.pool_reason;
  if (refused) return not_made(verdict.take_reply());
  if (plan.pool == nullptr || plan.pool->endpoints.empty()) {
    return not_made(nobody_there(service, plan.pool == nullptr ? "base" : plan.pool->name));
  }
  const Pool& pool = *plan.pool;
  live_ = &view_.upstreams().of(service, pool);
  const Endpoint* endpoint = pick_endpoint(pick_by(service, *head_, info_.client));
  if (endpoint == nullptr) return not_made(unresolved(pool));
  endpoint_ = endpoint;
  if (plan.per_try > Duration(0)) per_try_.arm(plan.per_try);
  launch(is_idempotent(head_->method) ? Reuse::kAny : Reuse::kOnlySilent);
}

// At first the one that the client called, then another one than the last try had, when there is
// another.
const Endpoint* Forwarder::pick_endpoint(const PickBy& policy) {
  const auto may_answer = [this](const Endpoint& endpoint) {
    const MonoTime now = worker_.scheduler.now();
    return endpoint.may_answer(now) && !passed_over(live_->pool(), endpoint, now);
  };
  const auto is_another = [this](const Endpoint& endpoint) { return &endpoint != endpoint_; };
  const auto another = [&](const Endpoint& endpoint) {
    return is_another(endpoint) && may_answer(endpoint);
  };
  if (info_.called.valid() && endpoint_ == nullptr) {
    const Endpoint* called = live_->pool().find(info_.called);
    if (called != nullptr && may_answer(*called) && may_go_to(*called)) return called;
  }
  for (const Accept& accept : {Accept(another), Accept(may_answer)}) {
    while (const Endpoint* endpoint = pick(*live_, policy, worker_.random, accept)) {
      if (may_go_to(*endpoint)) return endpoint;
    }
  }
  // Nobody may: the pool tries all (on_unhealthy: panic), or was left like this meanwhile.
  PickBy any = policy;
  any.reach = Reach::kWholePool;
  if (const Endpoint* endpoint = pick(*live_, any, worker_.random, is_another)) return endpoint;
  return pick(*live_, any, worker_.random, [](const Endpoint&) { return true; });
}

// To one that is out only as its trial; and where that would wait for a connection that could not
// be made before, one is made first, beside the requests, so that no caller waits for a dead
// address.
bool Forwarder::may_go_to(const Endpoint& endpoint) {
  EndpointHealth& health = *endpoint.health;
  const MonoTime now = worker_.scheduler.now();
  const bool out = health.ejection.out();
  if (!out || !health.doubtful()) {
    const bool may = health.ejection.begin(now);
    if (out && may) trial_ = &endpoint;
    return may;
  }
  if (health.ejection.put_off(now)) {
    live_->state(endpoint).pool(protocol_for(target_->service, info_, *head_)).dial_ahead();
  }
  return false;
}

void Forwarder::launch(Reuse reuse) {
  info_.upstream_host = endpoint_->name;
  if (is_told(info_)) tell_try(worker_, info_, reuse == Reuse::kNone);
  attempt_.reset(new (arena_) Attempt(*this, *this, *live_, *endpoint_,
                                      protocol_for(target_->service, info_, *head_)));
  attempt_->start(reuse);
}

void Forwarder::on_attempt_ready() {
  endpoint_ = &attempt_->endpoint();
  info_.upstream_host = endpoint_->name;
  RequestWriter& writer = attempt_->writer();
  const bool has_body = !body_.empty();
  writer.write_head(*head_, request_ended_ && !has_body && trailers_ == nullptr);
  if (has_body) {
    writer.write_data(keep_body_ ? body_.share() : std::move(body_),
                      request_ended_ && trailers_ == nullptr);
  }
  if (trailers_ != nullptr) writer.write_trailers(*trailers_);
  if (!request_ended_ && writer.writable()) sink_.on_writable();
}

void Forwarder::send_data(Buffer&& data, bool end) {
  request_ended_ = end;
  const bool streaming = attempt_ != nullptr && attempt_->has_stream();
  if (keep_body_) {
    const bool small = body_.size() + data.size() <= view_.snapshot().exchange_limits.replay;
    if (!small || !kept_.keep(data.size())) {
      WorkerMetrics& metrics = worker_.metrics;
      metrics.count(Family::kBodiesNotKept, {metrics.intern(small ? "process" : "request")});
      if (is_told(info_)) tell_not_kept(worker_, info_, small);
      stop_keeping();
      if (streaming) body_.clear();
    }
  }
  if (!streaming) {
    body_.append(std::move(data));
    return;
  }
  if (keep_body_) body_.append(data.share());
  attempt_->writer().write_data(std::move(data), end);
}

void Forwarder::stop_keeping() {
  keep_body_ = false;
  kept_.give_back();
}

void Forwarder::send_trailers(Headers& trailers) {
  request_ended_ = true;
  trailers_ = &trailers;
  if (attempt_ != nullptr && attempt_->has_stream()) attempt_->writer().write_trailers(trailers);
}

bool Forwarder::writable() const {
  if (attempt_ != nullptr && attempt_->has_stream()) return attempt_->writer().writable();
  return body_.size() < view_.snapshot().limits.buffer;
}

void Forwarder::hold_response(bool on) {
  if (attempt_ != nullptr && attempt_->has_stream()) attempt_->writer().hold_reading(on);
}

void Forwarder::cancel(ErrorCode told) {
  if (state_ == State::kOver) return;
  per_try_.disarm();
  backoff_.disarm();
  if (state_ == State::kTrying) {
    stop_keeping();
    (void)tell({.kind = Outcome::Kind::kCancelled, .error = told});
  } else if (state_ == State::kHeld) {
    tell_not_made(told);
  }
  move_to(state_, State::kOver);
  if (attempt_ != nullptr) retire_attempt();
}

void Forwarder::retire_attempt() {
  attempt_->cancel();
  worker_.scheduler.defer_delete(std::move(attempt_));
}

// RFC 9110 section 9.2.2 and 9112 section 9.3.1: what was never sent may go again whatever the
// method; what was sent only when sending it twice does no harm and all of it is still here. An
// upstream of which anything has been heard did not close for its age.
bool Forwarder::replay_is_safe(ResetReason reason) const {
  const bool stale = reason == ResetReason::kConnectionLost || reason == ResetReason::kRefused;
  if (!stale || replayed_ || !keep_body_ || !attempt_->reused()) return false;
  const RequestWriter& writer = attempt_->writer();
  if (writer.anything_heard()) return false;
  return outcome_info(outcome_of(reason)).unprocessed || is_idempotent(head_->method) ||
         !writer.anything_sent();
}

Next Forwarder::tell(Outcome outcome) {
  outcome.number = info_.attempts;
  outcome.endpoint = endpoint_;
  outcome.anything_sent = attempt_->has_stream() && attempt_->writer().anything_sent();
  outcome.may_try_again = keep_body_;
  count_attempt(worker_.metrics, view_, info_, outcome_info(outcome.kind).word);
  if (is_told(info_)) tell_outcome(worker_, info_, outcome);
  owner_.on_outcome(outcome);
  settle_trial(outcome);
  return outcome.may_try_again ? owner_.next_try(outcome) : Next::done();
}

// Who judges instances (circuit_breaker) has done so by now. A mirrored request has nobody who
// does, nor has a chain without it: a good answer ends the trial all the same, one that failed
// leaves the instance its time out, and one that never ran there lets another begin.
void Forwarder::settle_trial(const Outcome& outcome) {
  const Endpoint* const tried = std::exchange(trial_, nullptr);
  if (tried == nullptr) return;
  Ejection& ejection = tried->health->ejection;
  switch (tried == outcome.endpoint ? judge(outcome) : Breaker::Result::kUnknown) {
    case Breaker::Result::kGood: (void)ejection.succeeded(); return;
    case Breaker::Result::kUnknown: ejection.undecided(worker_.scheduler.now()); return;
    case Breaker::Result::kFailed: return;
  }
}

void Forwarder::tell_not_made(ErrorCode error) {
  owner_.on_outcome({.kind = Outcome::Kind::kNotMade, .number = info_.attempts, .error = error});
}

void Forwarder::not_made(LocalReply reply) {
  tell_not_made(reply.code);
  move_to(state_, State::kOver);
  owner_.on_no_response(std::move(reply), outcome_info(Outcome::Kind::kNotMade).ended_by);
}

void Forwarder::fail(Outcome::Kind kind, std::string details, std::string_view proxy_status) {
  per_try_.disarm();
  const OutcomeInfo& meaning = outcome_info(kind);
  const Next next = tell({.kind = kind, .error = meaning.error});
  attempt_->failed();
  retire_attempt();
  if (next.wants_again()) return back_off(next.delay());
  move_to(state_, State::kOver);
  owner_.on_no_response(
      {.code = meaning.error, .details = std::move(details), .proxy_status = proxy_status},
      meaning.ended_by);
}

void Forwarder::back_off(Duration delay) {
  move_to(state_, State::kBackingOff);
  backoff_.arm(delay);
}

void Forwarder::on_per_try() {
  fail(Outcome::Kind::kPerTryTimeout,
       "no answer from " + std::string(info_.upstream_host) + " within timeout.per_try");
}

void Forwarder::on_attempt_no_stream(const DialFailure& failure) {
  const bool ours = failure.cause == DialFailure::Cause::kOurs;
  fail(ours ? Outcome::Kind::kNoMeans : Outcome::Kind::kConnectFailed, failure.message,
       failure.proxy_status);
}

void Forwarder::on_reset(ResetReason reason, std::string_view why) {
  if (replay_is_safe(reason)) {
    replayed_ = true;
    retire_attempt();
    launch(Reuse::kNone);
  } else if (reason == ResetReason::kNotConnected) {
    fail(Outcome::Kind::kConnectFailed, std::string(why), "tls_alert_received");
  } else {
    fail(outcome_of(reason), std::string(info_.upstream_host) + ": " + std::string(why));
  }
}

void Forwarder::on_response(ResponseHead& head, bool end) {
  per_try_.disarm();
  const Next next = tell({.kind = Outcome::Kind::kAccepted, .response = &head});
  if (next.wants_again()) {
    retire_attempt();
    return back_off(next.delay());
  }
  move_to(state_, State::kCommitted);
  stop_keeping();
  body_.clear();
  attempt_->hand_over(sink_);
  sink_.on_response(head, end);
}

}  // namespace woad
