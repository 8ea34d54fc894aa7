#include "proxy/exchange/forwarder.h"

#include <string>

#include "proxy/exchange/measure.h"

namespace woad {
namespace {

Protocol protocol_for(const Service& service, const ExchangeInfo& info, const RequestHead& head) {
  if (head.protocol == Protocol::kTcp) return Protocol::kTcp;
  switch (service.protocol) {
    case UpstreamProtocol::kHttp1: return Protocol::kHttp11;
    case UpstreamProtocol::kHttp2: return Protocol::kHttp2;
    default: break;
  }
  // Without TLS nobody says what the server speaks; HTTP/2 carries no Upgrade.
  const bool http2 = info.grpc || service.channel->tls != nullptr;
  return http2 && head.upgrade.empty() ? Protocol::kHttp2 : Protocol::kHttp11;
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

Forwarder::Forwarder(ForwarderOwner& owner, const WorkerContext& worker, SnapshotView& view,
                     ExchangeInfo& info, Arena& arena)
    : owner_(owner),
      worker_(worker),
      view_(view),
      info_(info),
      arena_(arena),
      per_try_(worker.scheduler.timers(), bind_timer<&Forwarder::on_per_try>(this)),
      backoff_(worker.scheduler.timers(), bind_timer<&Forwarder::on_backoff_over>(this)) {}

Forwarder::~Forwarder() = default;

void Forwarder::start(const ServiceEntry& target, RequestHead& head, bool end) {
  target_ = &target;
  head_ = &head;
  request_ended_ = end;
  try_next(false);
}

void Forwarder::try_next(bool fresh) {
  const Service& service = target_->service;
  AttemptPlan plan{service, ++info_.attempts};
  Verdict verdict = owner_.shape_attempt(plan, *head_);
  const bool refused = verdict.kind() == Verdict::Kind::kReply;
  if (plan.pool == nullptr && !refused) plan.pool = service.find_pool("", "");
  info_.pool = plan.pool == nullptr ? std::string_view() : std::string_view(plan.pool->name);
  info_.pool_reason = plan.pool_reason;
  if (refused) {
    owner_.on_no_response(verdict.take_reply());
    return;
  }
  if (plan.pool == nullptr || !plan.pool->has_endpoints) {
    owner_.on_no_response(nobody_there(service, plan.pool == nullptr ? "base" : plan.pool->name));
    return;
  }
  const Pool& pool = service.pool(*plan.pool);
  const Endpoint* endpoint = view_.upstreams().pick(pool, service.policy, last_endpoint_);
  if (endpoint == nullptr) {
    owner_.on_no_response(unresolved(pool));
    return;
  }
  if (plan.per_try > Duration(0)) per_try_.arm(plan.per_try);
  launch(*endpoint, fresh, info_.attempts);
}

void Forwarder::launch(const Endpoint& endpoint, bool fresh, uint32_t number) {
  last_endpoint_ = &endpoint;
  EndpointState& state = view_.upstreams().state(endpoint, target_->service.channel);
  info_.upstream_host = state.name();
  AttemptSink& self = *this;
  attempt_.reset(new (arena_)
                     Attempt(self, state, protocol_for(target_->service, info_, *head_), number));
  attempt_->start(fresh);
}

void Forwarder::on_attempt_ready(Attempt& attempt) {
  RequestWriter& writer = attempt.writer();
  const bool has_body = !body_.empty();
  writer.write_head(*head_, request_ended_ && !has_body && trailers_ == nullptr);
  if (has_body) {
    writer.write_data(keep_body_ ? body_.share() : std::move(body_),
                      request_ended_ && trailers_ == nullptr);
  }
  if (trailers_ != nullptr) writer.write_trailers(*trailers_);
  if (!request_ended_ && writer.writable()) owner_.on_request_room();
}

void Forwarder::send_data(Buffer&& data, bool end) {
  request_ended_ = end;
  const bool streaming = attempt_ != nullptr && attempt_->has_stream();
  if (keep_body_ && body_.size() + data.size() > kReplayBytes) {
    keep_body_ = false;
    if (streaming) body_.clear();
  }
  if (!streaming) {
    body_.append(std::move(data));
    return;
  }
  if (keep_body_) body_.append(data.share());
  attempt_->writer().write_data(std::move(data), end);
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

void Forwarder::cancel(ResetReason reason) {
  per_try_.disarm();
  backoff_.disarm();
  if (attempt_ != nullptr) retire_attempt(reason);
}

void Forwarder::retire_attempt(ResetReason reason) {
  attempt_->cancel(reason);
  worker_.scheduler.defer_delete(std::move(attempt_));
}

// RFC 9110 section 9.2.2 and 9112 section 9.3.1: what was never sent may go again whatever the
// method; what was sent only when sending it twice does no harm and all of it is still here.
bool Forwarder::replay_is_safe(Attempt& attempt, ResetReason reason) const {
  if (replayed_ || !attempt.reused()) return false;
  if (reason == ResetReason::kRefused) return keep_body_;
  if (reason != ResetReason::kConnectionLost || !keep_body_) return false;
  return is_idempotent(head_->method) || !attempt.writer().anything_sent();
}

void Forwarder::conclude(Outcome outcome, LocalReply reply) {
  per_try_.disarm();
  outcome.number = info_.attempts;
  count_attempt(worker_.metrics, view_, info_, to_string(outcome.kind));
  const Next next = owner_.judge_outcome(outcome);
  if (attempt_ != nullptr) retire_attempt(ResetReason::kCancel);
  if (next.wants_again() && keep_body_) {
    backoff_.arm(next.delay());
  } else {
    owner_.on_no_response(std::move(reply));
  }
}

void Forwarder::on_backoff_over() { try_next(false); }

void Forwarder::on_per_try() {
  const bool sent = attempt_->has_stream() && attempt_->writer().anything_sent();
  conclude({.kind = Outcome::Kind::kPerTryTimeout, .anything_sent = sent},
           {.code = ErrorCode::kTimeout,
            .details =
                "no answer from " + std::string(info_.upstream_host) + " within timeout.per_try"});
}

void Forwarder::on_attempt_no_stream(Attempt&, const DialFailure& failure) {
  conclude({.kind = Outcome::Kind::kConnectFailed}, {.code = ErrorCode::kConnectFailed,
                                                     .details = failure.message,
                                                     .proxy_status = failure.proxy_status});
}

void Forwarder::on_attempt_reset(Attempt& attempt, ResetReason reason, std::string_view why) {
  if (head_sent_up_) {
    per_try_.disarm();
    owner_.on_response_cut(why);
    return;
  }
  if (replay_is_safe(attempt, reason)) {
    replayed_ = true;
    const Endpoint& endpoint = *last_endpoint_;
    const uint32_t number = attempt.number();
    retire_attempt(reason);
    launch(endpoint, true, number);
    return;
  }
  if (reason == ResetReason::kNotConnected) {
    conclude({.kind = Outcome::Kind::kConnectFailed}, {.code = ErrorCode::kConnectFailed,
                                                       .details = std::string(why),
                                                       .proxy_status = "tls_alert_received"});
    return;
  }
  const bool sent = attempt.writer().anything_sent();
  const std::string where = std::string(info_.upstream_host) + ": " + std::string(why);
  if (reason == ResetReason::kProtocolError) {
    conclude({.kind = Outcome::Kind::kBadResponse, .anything_sent = sent},
             {.code = ErrorCode::kBadUpstreamResponse, .details = where});
    return;
  }
  const auto kind =
      reason == ResetReason::kRefused ? Outcome::Kind::kRefused : Outcome::Kind::kReset;
  conclude({.kind = kind, .anything_sent = sent},
           {.code = ErrorCode::kUpstreamReset, .details = where});
}

void Forwarder::on_attempt_interim(ResponseHead& head) { owner_.on_interim(head); }

void Forwarder::on_attempt_response(Attempt&, ResponseHead& head, bool end) {
  per_try_.disarm();
  count_attempt(worker_.metrics, view_, info_, to_string(Outcome::Kind::kAccepted));
  const Next next = owner_.judge_outcome({.kind = Outcome::Kind::kAccepted,
                                          .status = head.status,
                                          .anything_sent = true,
                                          .number = info_.attempts});
  if (next.wants_again() && keep_body_) {
    retire_attempt(ResetReason::kCancel);
    backoff_.arm(next.delay());
    return;
  }
  head_sent_up_ = true;
  keep_body_ = false;
  body_.clear();
  owner_.on_response(head, end);
}

void Forwarder::on_attempt_data(Buffer&& data, bool end) {
  owner_.on_response_data(std::move(data), end);
}

void Forwarder::on_attempt_trailers(Headers& trailers) { owner_.on_response_trailers(trailers); }

void Forwarder::on_attempt_writable() { owner_.on_request_room(); }

}  // namespace woad
