#include "proxy/exchange/exchange.h"

#include "proxy/context/admission.h"
#include "proxy/context/trace_ids.h"
#include "proxy/exchange/choose_target.h"
#include "proxy/exchange/local_answer.h"
#include "proxy/exchange/measure.h"
#include "proxy/exchange/mirror.h"
#include "proxy/exchange/narrate.h"
#include "proxy/exchange/request_rules.h"

namespace woad {

Exchange::Exchange(ExchangeOwner& owner, WorkerContext& worker, ViewRef view,
                   const ListenerSpec& listener, const Client& client, ResponseWriter& writer)
    : owner_(owner),
      worker_(worker),
      view_(std::move(view)),
      listener_(listener),
      client_(client),
      writer_(writer),
      arena_(worker.arenas),
      services_{worker.scheduler,          worker.random, worker.metrics,
                view_->snapshot().context, worker.spans,  worker.log},
      settings_(&view_->snapshot().chain(listener.direction).slots()),
      filters_(view_->snapshot().chain(listener.direction)),
      forwarder_(*this, response_, worker, *view_, info_, arena_) {
  count_start(worker, listener.direction);
  info_.direction = listener.direction;
  info_.start = worker.scheduler.now();
  info_.start_wall = worker.scheduler.wall();
  info_.client = client.address;
  if (client.identity == nullptr) return;
  info_.principal = client.identity->id;
  info_.peer_certificate = client.identity->sha256;
  info_.own_id = client.tls->material().svid()->id;
}

void Exchange::operator delete(Exchange* exchange, std::destroying_delete_t) {
  PiecePool& pieces = exchange->worker_.blocks.pieces();
  exchange->~Exchange();
  pieces.give(exchange);
}

Exchange::~Exchange() {
  lose_inside("the stream that carries it was closed");
  writer_.release(release_reason_);
}

bool Exchange::response_begun() const {
  return state_ == ExchangeState::kResponding || state_ == ExchangeState::kTunnel;
}

void Exchange::begin(RequestHead& head, bool end) {
  request_.begin(head, end);
  // RFC 9112 section 3.3: HTTP/1.0 may name no host, and then the connection tells; the next hop,
  // in HTTP/1.1, must hear of one.
  if (head.authority.empty() && client_.redirected() && head.protocol != Protocol::kTcp) {
    head.authority = arena_.copy(client_.headed->original.to_string());
  }
  info_.request = &head;
  info_.grpc = is_grpc(head.headers);
  read_trace(head, info_.trace, worker_.metrics);
  if (debugs(worker_)) tell_request(worker_, info_, client_.address, client_.requests, arena_);
}

void Exchange::on_request(RequestHead& head, bool end) {
  begin(head, end);
  auto refused = admit(head);
  const bool connect = head.method == Method::kConnect && head.protocol != Protocol::kTcp;
  if (connect && !refused) refused = check_connect(listener_, client_.inside_connect());
  filters_.create(*this, info_, arena_, services_);
  if (refused) {
    answer(*refused);
  } else if (connect) {
    accept_connect();
  } else {
    walk_request_head();
  }
}

// What is judged before any filter: who the client is not, and what it may not say.
std::optional<LocalReply> Exchange::admit(RequestHead& head) {
  const bool short_of_memory = worker_.memory != nullptr && worker_.memory->exhausted();
  const bool over_limit = client_.refused == Refused::kOverLimit;
  if ((over_limit || short_of_memory) && !is_probe(listener_, head)) {
    return over_limit ? too_many_connections() : no_memory();
  }
  if (client_.refused == Refused::kStranger) return of_another_pod(listener_);
  if (client_.identity == nullptr) {
    if (auto refused = check_plaintext(listener_, head, info_)) return refused;
    if (listener_.mtls == Mtls::kPermissive) count_plaintext(worker_, listener_, client_.address);
  }
  if (auto refused = admit_context(head, view_->snapshot().context.rules, info_, worker_.metrics)) {
    return refused;
  }
  return count_hop(head);
}

void Exchange::on_bad_request(RequestHead& head, LocalReply reply) {
  begin(head, true);
  filters_.create(*this, info_, arena_, services_);
  if (lacks_identity(client_, listener_)) {
    info_.error = ErrorCode::kMtlsRequired;
    cut("plaintext that is no HTTP came where mtls is strict", ClosedBy::kWoad);
  } else {
    if (head.method == Method::kConnect) {
      if (auto refused = check_connect(listener_, client_.inside_connect())) reply = *refused;
    }
    answer(reply);
  }
}

void Exchange::on_bad_body(LocalReply reply) {
  if (state_ == ExchangeState::kEnded) return;
  if (response_begun()) {
    on_reset(ResetReason::kProtocolError, reply.details);
  } else {
    answer(reply);
  }
}

void Exchange::walk_request_head() {
  RequestHead& head = *request_.head();
  HeadVerdict verdict = filters_.request_head_before_route(head, request_.head_ends());
  if (verdict.kind() == HeadVerdict::Kind::kGo) {
    choose_route();
    verdict = filters_.request_head(head, request_.head_ends());
  }
  switch (verdict.kind()) {
    case HeadVerdict::Kind::kReply: answer(verdict.take_reply()); return;
    case HeadVerdict::Kind::kWait: move_to(state_, ExchangeState::kHeadWaits); return;
    case HeadVerdict::Kind::kGo: dispatch(); return;
  }
}

// Once: behind the filters that change what routes match on, or when the request ends before.
void Exchange::choose_route() {
  if (choice_) return;
  choice_ =
      choose_target(view_->snapshot(), listener_, client_, *request_.head(), info_, worker_.random);
  settings_ = choice_->settings;
  if (choice_->route != nullptr) info_.route = choice_->route->name;
  if (choice_->service != nullptr) info_.service = choice_->service->service.name();
  if (is_told(info_)) tell_route(worker_, info_);
}

void Exchange::dispatch() {
  const auto& [service, route, settings] = *choice_;
  RequestHead& head = *request_.head();
  if (route != nullptr && service == nullptr) {
    answer(configured_answer(*route, head));
    return;
  }
  const bool inbound = listener_.direction == Direction::kInbound;
  if (inbound && service == nullptr) return answer(no_app(listener_, client_));
  if (auto refused = check_service(service, head, client_.headed.get())) {
    answer(*refused);
    return;
  }
  if (route != nullptr && route->rewrite_prefix) rewrite_path(*route, head);
  if (inbound && head.protocol != Protocol::kTcp) append_forwarded_for(head, client_.address);
  move_to(state_, ExchangeState::kForwarding);
  start_forwarding();
}

// Sends the head, and behind it what came while the head waited in a filter.
void Exchange::start_forwarding() {
  const auto& [service, route, settings] = *choice_;
  RequestHead& head = *request_.head();
  const bool end = request_.head_ends();
  if (route != nullptr && route->mirror && worker_.random.unit() < route->mirror->share) {
    mirror_.start(worker_, view_, *route->mirror->service, head, info_, end);
  }
  // A gRPC call may have nothing to say for long.
  if (!request_.ended() && client_.identity == nullptr && !info_.grpc) {
    pace_ =
        std::make_unique<BodyPace>(worker_.scheduler, bind_timer<&Exchange::on_slow_body>(this));
  }
  forwarder_.start(*service, head, end, filters_.has(Hook::kNextTry));
  request_.release([&](Buffer&& data, bool last) { pass_request_data(std::move(data), last); },
                   [&](Headers& trailers) { pass_request_trailers(trailers); });
  if (!request_.ended() && state_ != ExchangeState::kEnded && forwarder_.writable()) {
    hold_client(false);
  }
}

void Exchange::end_request() {
  request_.end();
  pace_.reset();
}

void Exchange::hold_client(bool on) {
  writer_.hold_reading(on);
  if (pace_ != nullptr) pace_->hold(on);
}

void Exchange::on_slow_body() {
  ++worker_.metrics.hostile()[static_cast<size_t>(Hostile::kSlowBody)];
  answer(slow_body());
}

void Exchange::on_data(Buffer&& data, bool end) {
  info_.bytes_received += data.size();
  if (pace_ != nullptr) pace_->got(data.size());
  if (end) end_request();
  switch (state_) {
    case ExchangeState::kHeadWaits:
      request_.keep(std::move(data));
      if (request_.kept() >= view_->snapshot().limits.buffer) hold_client(true);
      return;
    case ExchangeState::kTunnel:
      on_tunnel_bytes();
      if (inside_ != nullptr) return inside_->receive(std::move(data), end);
      forwarder_.send_data(std::move(data), end);
      if (!forwarder_.writable()) hold_client(true);
      if (end && response_.ended()) finish();
      return;
    default: pass_request_data(std::move(data), end); return;
  }
}

void Exchange::pass_request_data(Buffer&& data, bool end) {
  if (state_ == ExchangeState::kEnded) return;
  Verdict verdict = filters_.request_data(data, end);
  if (verdict.kind() == Verdict::Kind::kReply) {
    refuse(verdict.take_reply());
    return;
  }
  mirror_.send_data(data, end);
  forwarder_.send_data(std::move(data), end);
  if (!end && !forwarder_.writable()) hold_client(true);
}

void Exchange::on_trailers(Headers& trailers) {
  if (inside_ != nullptr) {  // RFC 9113 section 8.5: no fields on a connected stream
    cut("fields came on the stream of a CONNECT", ClosedBy::kWoad);
    return;
  }
  admit_trailers(trailers, view_->snapshot().context.rules);
  end_request();
  if (state_ == ExchangeState::kHeadWaits) {
    request_.keep(trailers);
  } else {
    pass_request_trailers(trailers);
  }
}

void Exchange::pass_request_trailers(Headers& trailers) {
  if (state_ == ExchangeState::kEnded) return;
  Verdict verdict = filters_.request_trailers(trailers);
  if (verdict.kind() == Verdict::Kind::kReply) {
    refuse(verdict.take_reply());
    return;
  }
  mirror_.send_trailers(trailers);
  forwarder_.send_trailers(trailers);
}

void Exchange::on_reset(ResetReason reason, std::string_view why) {
  if (state_ == ExchangeState::kEnded) return;
  info_.closed_by = ClosedBy::kDownstream;
  info_.why = arena_.join("closed by downstream: ", why);
  lose_inside(why);
  mirror_.drop();
  forwarder_.cancel(ErrorCode::kNone);
  release_reason_ = reason;
  finish();
}

void Exchange::on_writable() {
  if (inside_ != nullptr) {
    inside_->on_carrier_writable();
  } else if (state_ != ExchangeState::kEnded) {
    forwarder_.hold_response(false);
  }
}

HeadVerdict Exchange::shape_attempt(AttemptPlan& plan, RequestHead& head) {
  return filters_.attempt(plan, head);
}

void Exchange::on_no_response(LocalReply reply, ClosedBy ended_by) {
  info_.closed_by = ended_by;
  answer(reply);
}

const void* Exchange::filter_settings(size_t index) { return (*settings_)[index].settings.get(); }

void* Exchange::filter_state(size_t index) { return (*settings_)[index].state.get(); }

void Exchange::filter_resume() {
  if (state_ == ExchangeState::kHeadWaits) {
    walk_request_head();
  } else if (state_ == ExchangeState::kForwarding) {
    forwarder_.resume();
  } else if (state_ == ExchangeState::kResponseWaits) {
    response_.walk();
  }
}

void Exchange::filter_reply(LocalReply reply) {
  if (state_ == ExchangeState::kEnded) return;
  info_.closed_by = ClosedBy::kWoad;
  refuse(reply);
}

void Exchange::refuse(const LocalReply& reply) {
  if (response_begun()) {
    info_.error = reply.code;
    cut(reply.details, ClosedBy::kWoad);
  } else {
    answer(reply);
  }
}

void Exchange::answer(const LocalReply& reply) {
  if (request_.head()->protocol == Protocol::kTcp) {  // nothing can be said
    info_.error = reply.code;
    cut(reply.details, ClosedBy::kWoad);
    // It believes to speak with the server itself.
    const bool is_told = client_.redirected() && reply.effective_status() >= 500;
    if (is_told) release_reason_ = ResetReason::kNotConnected;
    return;
  }
  choose_route();
  forwarder_.cancel(reply.code);
  mirror_.drop();
  info_.error = reply.code;
  info_.why = arena_.copy(reply.details);
  const Header* id = request_.head()->headers.find(HeaderId::kRequestId);
  auto* head = arena_.make<ResponseHead>(arena_);
  Buffer body = make_local_answer(reply, info_.grpc, id == nullptr ? std::string_view() : id->value,
                                  worker_.blocks, *head);
  filters_.own_response_head(*head, body.empty());
  info_.status = head->status;
  info_.bytes_sent = body.size();
  const bool end = body.empty();
  writer_.write_head(*head, end, reply.close || owner_.closing());
  if (!end) writer_.write_data(std::move(body), true);
  finish();
}

void Exchange::cut(std::string_view why, ClosedBy closed_by) {
  info_.closed_by = closed_by;
  info_.why = arena_.join("closed by ", to_string(closed_by), ": ", why);
  lose_inside(why);
  if (info_.error == ErrorCode::kNone && closed_by == ClosedBy::kUpstream) {
    info_.error = ErrorCode::kUpstreamReset;
  }
  forwarder_.cancel(info_.error);
  release_reason_ = ResetReason::kConnectionLost;
  finish();
}

void Exchange::abort(std::string_view why) {
  if (state_ != ExchangeState::kEnded) cut(why, ClosedBy::kWoad);
}

void Exchange::enter_tunnel() {
  move_to(state_, ExchangeState::kTunnel);
  request_.reopen();
  tunnel_idle_.emplace(worker_.scheduler.timers(), bind_timer<&Exchange::on_tunnel_idle>(this));
  on_tunnel_bytes();
}

void Exchange::on_tunnel_bytes() {
  tunnel_idle_->arm(view_->snapshot().exchange_limits.tunnel_idle);
}

void Exchange::on_tunnel_idle() { cut("the tunnel was idle for an hour", ClosedBy::kWoad); }

void Exchange::finish() {
  move_to(state_, ExchangeState::kEnded);
  const bool began = request_.head() != nullptr;
  if (began) choose_route();
  tunnel_idle_.reset();
  pace_.reset();
  lose_inside("the stream that carries it has ended");
  info_.end = worker_.scheduler.now();
  const bool tapped = began && worker_.taps != nullptr && worker_.taps->tapped();
  filters_.end(info_);
  count_exchange(worker_, *view_, info_);
  if (tapped) tell_taps(*worker_.taps, info_, arena_);
  if (is_told(info_)) tell_end(worker_, info_, filters_.answered_by());
  owner_.on_exchange_end(*this);
}

}  // namespace woad
