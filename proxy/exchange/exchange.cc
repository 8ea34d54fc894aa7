#include "proxy/exchange/exchange.h"

#include "proxy/context/admission.h"
#include "proxy/context/trace_ids.h"
#include "proxy/exchange/local_answer.h"
#include "proxy/exchange/measure.h"
#include "proxy/exchange/mirror.h"
#include "proxy/exchange/request_rules.h"
#include "proxy/filter/exchange_record.h"
#include "proxy/filter/tap_line.h"

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
      services_{worker.scheduler, worker.random, worker.metrics, view_->snapshot().context,
                worker.spans},
      filters_(view_->snapshot().chain(listener.direction)),
      forwarder_(*this, worker, *view_, info_, arena_) {
  info_.direction = listener.direction;
  info_.start = worker.scheduler.now();
  info_.start_wall = worker.scheduler.wall();
  if (client.identity == nullptr) return;
  info_.principal = client.identity->id;
  info_.peer_certificate = client.identity->sha256;
  info_.own_id = client.tls->material().svid()->id;
}

Exchange::~Exchange() {
  lose_inside("the stream that carries it was closed");
  writer_.release(release_reason_);
}

bool Exchange::response_begun() const {
  return state_ == ExchangeState::kResponding || state_ == ExchangeState::kTunnel;
}

void Exchange::begin(RequestHead& head) {
  head_ = &head;
  info_.request = &head;
  info_.grpc = is_grpc(head.headers);
}

void Exchange::on_request(RequestHead& head, bool end) {
  begin(head);
  request_ended_ = end;
  read_trace(head, info_.trace, worker_.metrics);
  auto refused = admit(head);
  const bool connect = head.method == Method::kConnect && head.protocol != Protocol::kTcp;
  if (connect && !refused) refused = check_connect(listener_, client_.connect != nullptr);
  filters_.create(*this, info_, arena_, services_);
  if (refused) {
    answer(std::move(*refused));
  } else if (connect) {
    accept_connect();
  } else {
    walk_request_head();
  }
}

// What is judged before any filter: who the client is not, and what it may not say.
std::optional<LocalReply> Exchange::admit(RequestHead& head) {
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
  begin(head);
  request_ended_ = true;
  read_trace(head, info_.trace, worker_.metrics);
  filters_.create(*this, info_, arena_, services_);
  if (lacks_identity(client_, listener_)) {
    info_.error = ErrorCode::kMtlsRequired;
    cut("plaintext that is no HTTP came where mtls is strict", ClosedBy::kWoad);
  } else {
    if (head.method == Method::kConnect) {
      if (auto refused = check_connect(listener_, client_.connect != nullptr)) reply = *refused;
    }
    answer(std::move(reply));
  }
}

void Exchange::walk_request_head() {
  Verdict verdict = filters_.request_head(*head_, request_ended_);
  switch (verdict.kind()) {
    case Verdict::Kind::kReply: answer(verdict.take_reply()); return;
    case Verdict::Kind::kWait: move_to(state_, ExchangeState::kHeadWaits); return;
    case Verdict::Kind::kGo: dispatch(); return;
  }
}

void Exchange::choose_route() {
  const Snapshot& snapshot = view_->snapshot();
  slots_ = &snapshot.chain(listener_.direction).slots();
  if (listener_.direction == Direction::kInbound) {
    service_ = listener_.app.get();
  } else {
    choose_by_host(head_->authority);
    const bool nobody = route_ == nullptr && service_ == nullptr;
    if (nobody && client_.connect != nullptr) choose_by_host(*client_.connect);
  }
  if (service_ == nullptr) return;
  info_.service = service_->service.name();
  if (route_ == nullptr && !service_->filters.empty()) slots_ = &service_->filters;
}

void Exchange::choose_by_host(std::string_view authority) {
  const Snapshot& snapshot = view_->snapshot();
  char buffer[256];
  const MatchInput input{*head_, normal_host(authority, buffer), info_.color, info_.tenant,
                         info_.principal};
  // Routes are about HTTP.
  route_ = head_->protocol == Protocol::kTcp ? nullptr : snapshot.routes.find(input);
  if (route_ == nullptr) {
    service_ = snapshot.hosts.find(input.host);
    return;
  }
  info_.route = route_->name;
  if (!route_->filters.empty()) slots_ = &route_->filters;
  if (const RouteTarget* target = route_->pick(worker_.random)) {
    service_ = target->service;
    if (!target->filters.empty()) slots_ = &target->filters;
  }
}

const FilterSlots& Exchange::slots() {
  if (slots_ == nullptr) choose_route();
  return *slots_;
}

void Exchange::dispatch() {
  slots();
  if (route_ != nullptr && service_ == nullptr) {
    answer(configured_answer(*route_, *head_));
    return;
  }
  if (auto refused = check_service(service_, *head_)) {
    answer(std::move(*refused));
    return;
  }
  if (route_ != nullptr && route_->rewrite_prefix) rewrite_path(*route_, *head_);
  if (listener_.direction == Direction::kInbound) append_forwarded_for(*head_, client_.address);
  move_to(state_, ExchangeState::kForwarding);
  start_forwarding();
}

// Sends the head, and behind it what came while the head waited in a filter.
void Exchange::start_forwarding() {
  Waiting waiting = std::move(request_waiting_);
  const bool has_body = !request_ended_ || !waiting.data.empty() || waiting.trailers != nullptr;
  if (route_ != nullptr && route_->mirror && worker_.random.unit() < route_->mirror->share) {
    mirror_ = std::make_unique<MirrorRequest>(worker_, view_);
    mirror_->start(*route_->mirror->service, *head_, info_, !has_body);
  }
  forwarder_.start(*service_, *head_, !has_body);
  if (state_ != ExchangeState::kEnded && !waiting.data.empty()) {
    pass_request_data(std::move(waiting.data), request_ended_ && waiting.trailers == nullptr);
  }
  if (state_ != ExchangeState::kEnded && waiting.trailers != nullptr) {
    pass_request_trailers(*waiting.trailers);
  }
  if (request_ended_) release_mirror();
  if (state_ != ExchangeState::kEnded && !request_ended_ && forwarder_.writable()) {
    writer_.hold_reading(false);
  }
}

void Exchange::release_mirror() {
  if (mirror_ != nullptr) worker_.mirrors.adopt(std::move(mirror_));
}

void Exchange::on_data(Buffer&& data, bool end) {
  info_.bytes_received += data.size();
  request_ended_ = end;
  switch (state_) {
    case ExchangeState::kHeadWaits:
      request_waiting_.data.append(std::move(data));
      if (request_waiting_.data.size() >= view_->snapshot().limits.buffer)
        writer_.hold_reading(true);
      return;
    case ExchangeState::kTunnel:
      tunnel_idle_->arm(kTunnelIdle);
      if (inside_ != nullptr) return inside_->receive(std::move(data), end);
      forwarder_.send_data(std::move(data), end);
      if (!forwarder_.writable()) writer_.hold_reading(true);
      if (end && response_ended_) finish();
      return;
    case ExchangeState::kEnded: return;
    default: pass_request_data(std::move(data), end); return;
  }
}

void Exchange::pass_request_data(Buffer&& data, bool end) {
  Verdict verdict = filters_.request_data(data, end);
  if (verdict.kind() == Verdict::Kind::kReply) {
    refuse(verdict.take_reply());
    return;
  }
  WOAD_ASSERT(verdict.kind() == Verdict::Kind::kGo);
  if (mirror_ != nullptr) mirror_->send_data(data.share(), end);
  forwarder_.send_data(std::move(data), end);
  if (end) {
    release_mirror();
  } else if (!forwarder_.writable()) {
    writer_.hold_reading(true);
  }
}

void Exchange::on_trailers(Headers& trailers) {
  if (inside_ != nullptr) {  // RFC 9113 section 8.5: no fields on a connected stream
    cut("fields came on the stream of a CONNECT", ClosedBy::kWoad);
    return;
  }
  admit_trailers(trailers, view_->snapshot().context.rules);
  request_ended_ = true;
  if (state_ == ExchangeState::kHeadWaits) {
    request_waiting_.trailers = &trailers;
  } else if (state_ != ExchangeState::kEnded) {
    pass_request_trailers(trailers);
  }
}

void Exchange::pass_request_trailers(Headers& trailers) {
  Verdict verdict = filters_.request_trailers(trailers);
  if (verdict.kind() == Verdict::Kind::kReply) {
    refuse(verdict.take_reply());
    return;
  }
  if (mirror_ != nullptr) mirror_->send_trailers(trailers);
  release_mirror();
  forwarder_.send_trailers(trailers);
}

void Exchange::on_reset(ResetReason reason, std::string_view why) {
  if (state_ == ExchangeState::kEnded) return;
  info_.closed_by = ClosedBy::kDownstream;
  info_.why = arena_.join("closed by downstream: ", why);
  lose_inside(why);
  mirror_.reset();
  forwarder_.cancel(ResetReason::kCancel);
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

void Exchange::on_request_room() {
  if (state_ != ExchangeState::kEnded) writer_.hold_reading(false);
}

Verdict Exchange::shape_attempt(AttemptPlan& plan, RequestHead& head) {
  return filters_.attempt(plan, head);
}

Next Exchange::judge_outcome(const Outcome& outcome) { return filters_.outcome(outcome); }

const void* Exchange::filter_settings(size_t index) { return slots()[index].settings.get(); }

void* Exchange::filter_state(size_t index) { return slots()[index].state.get(); }

void Exchange::filter_resume(size_t) {
  if (state_ == ExchangeState::kHeadWaits) {
    walk_request_head();
  } else if (state_ == ExchangeState::kResponseWaits) {
    walk_response_head();
  }
}

void Exchange::filter_reply(LocalReply reply) {
  if (state_ == ExchangeState::kEnded) return;
  info_.closed_by = ClosedBy::kWoad;
  refuse(std::move(reply));
}

void Exchange::refuse(LocalReply reply) {
  if (response_begun()) {
    info_.error = reply.code;
    cut(reply.details, ClosedBy::kWoad);
  } else {
    answer(std::move(reply));
  }
}

void Exchange::answer(LocalReply reply) {
  if (head_->protocol == Protocol::kTcp) {  // nothing can be said
    info_.error = reply.code;
    cut(reply.details, ClosedBy::kWoad);
    return;
  }
  forwarder_.cancel(ResetReason::kCancel);
  mirror_.reset();
  info_.error = reply.code;
  info_.why = arena_.copy(reply.details);
  const Header* id = head_->headers.find(HeaderId::kRequestId);
  auto* head = arena_.make<ResponseHead>(arena_);
  Buffer body = make_local_answer(reply, info_.grpc, id == nullptr ? std::string_view() : id->value,
                                  worker_.blocks, *head);
  // The response filters see it like any other; what they answer to it themselves has no effect.
  while (filters_.response_head(*head, body.empty()).kind() != Verdict::Kind::kGo) continue;
  info_.status = head->status;
  info_.bytes_sent = body.size();
  const bool end = body.empty();
  writer_.write_head(*head, end, reply.close || owner_.closing());
  if (!end) writer_.write_data(std::move(body), true);
  finish();
}

void Exchange::cut(std::string_view why, ClosedBy closed_by) {
  info_.closed_by = closed_by;
  const std::string_view who = arena_.join("closed by ", to_string(closed_by));
  info_.why = arena_.join(who, arena_.join(": ", why));
  lose_inside(why);
  if (info_.error == ErrorCode::kNone && closed_by == ClosedBy::kUpstream) {
    info_.error = ErrorCode::kUpstreamReset;
  }
  forwarder_.cancel(ResetReason::kCancel);
  release_reason_ = ResetReason::kConnectionLost;
  finish();
}

void Exchange::abort(std::string_view why) {
  if (state_ != ExchangeState::kEnded) cut(why, ClosedBy::kWoad);
}

void Exchange::tell_taps() {
  const AccessRecord record = access_record_of(info_, arena_);
  worker_.taps->offer(record, info_.end, [&] {
    std::string line;
    append_tap_line(line, record, head_->headers);
    return line;
  });
}

void Exchange::finish() {
  move_to(state_, ExchangeState::kEnded);
  tunnel_idle_.reset();
  lose_inside("the stream that carries it has ended");
  info_.end = worker_.scheduler.now();
  const bool tapped = worker_.taps != nullptr && worker_.taps->tapped() && head_ != nullptr;
  if (tapped || filters_.has(Hook::kEnd)) info_.peer = arena_.copy(client_.address.to_string());
  filters_.end(info_);
  count_exchange(worker_.metrics, *view_, info_);
  if (tapped) tell_taps();
  owner_.on_exchange_end(*this);
}

}  // namespace woad
