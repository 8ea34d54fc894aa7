// The response side of an exchange: from the forwarder through the filters to the client.
#include "proxy/exchange/exchange.h"

namespace woad {

void Exchange::on_interim(ResponseHead& head) {
  // RFC 9110 section 15.2: an HTTP/1.0 client knows no 1xx.
  if (state_ == ExchangeState::kForwarding && head_->protocol != Protocol::kHttp10) {
    writer_.write_interim(head);
  }
}

void Exchange::on_response(ResponseHead& head, bool end) {
  if (state_ == ExchangeState::kEnded) return;
  response_ = &head;
  response_ended_ = end;
  walk_response_head();
}

void Exchange::walk_response_head() {
  Verdict verdict = filters_.response_head(*response_, response_ended_);
  switch (verdict.kind()) {
    case Verdict::Kind::kReply: answer(verdict.take_reply()); return;
    case Verdict::Kind::kWait:
      move_to(state_, ExchangeState::kResponseWaits);
      forwarder_.hold_response(true);
      return;
    case Verdict::Kind::kGo: send_response_head(); return;
  }
}

void Exchange::send_response_head() {
  Waiting waiting = std::move(response_waiting_);
  const bool has_body = !response_ended_ || !waiting.data.empty() || waiting.trailers != nullptr;
  const bool waited = state_ == ExchangeState::kResponseWaits;
  move_to(state_, ExchangeState::kResponding);
  info_.status = response_->status;
  writer_.write_head(*response_, !has_body, owner_.closing());
  const bool ended = response_ended_;
  const bool tunnel = response_->tunnel;
  if (tunnel) {
    enter_tunnel();
  } else if (!has_body) {
    finish();
    return;
  }
  if (!waiting.data.empty() || (tunnel && ended)) {
    on_response_data(std::move(waiting.data), ended && waiting.trailers == nullptr);
  }
  if (waiting.trailers != nullptr) on_response_trailers(*waiting.trailers);
  if (waited && response_begun()) forwarder_.hold_response(!writer_.writable());
}

void Exchange::on_response_data(Buffer&& data, bool end) {
  if (end) response_ended_ = true;
  switch (state_) {
    case ExchangeState::kResponseWaits: response_waiting_.data.append(std::move(data)); return;
    case ExchangeState::kTunnel:
      tunnel_idle_->arm(kTunnelIdle);
      info_.bytes_sent += data.size();
      writer_.write_data(std::move(data), end);
      if (end && request_ended_) {
        finish();
      } else if (!writer_.writable()) {
        forwarder_.hold_response(true);
      }
      return;
    case ExchangeState::kResponding: send_response_data(std::move(data), end); return;
    default: return;
  }
}

void Exchange::send_response_data(Buffer&& data, bool end) {
  Verdict verdict = filters_.response_data(data, end);
  if (verdict.kind() == Verdict::Kind::kReply) {
    cut(verdict.take_reply().details, ClosedBy::kWoad);
    return;
  }
  info_.bytes_sent += data.size();
  writer_.write_data(std::move(data), end);
  if (end) {
    finish();
  } else if (!writer_.writable()) {
    forwarder_.hold_response(true);
  }
}

void Exchange::on_response_trailers(Headers& trailers) {
  response_ended_ = true;
  if (state_ == ExchangeState::kResponseWaits) {
    response_waiting_.trailers = &trailers;
    return;
  }
  if (state_ != ExchangeState::kResponding) return;
  Verdict verdict = filters_.response_trailers(trailers);
  if (verdict.kind() == Verdict::Kind::kReply) {
    cut(verdict.take_reply().details, ClosedBy::kWoad);
    return;
  }
  writer_.write_trailers(trailers);
  finish();
}

void Exchange::on_no_response(LocalReply reply) {
  if (state_ == ExchangeState::kEnded) return;
  const bool upstream =
      reply.code == ErrorCode::kUpstreamReset || reply.code == ErrorCode::kBadUpstreamResponse;
  info_.closed_by = upstream ? ClosedBy::kUpstream : ClosedBy::kWoad;
  answer(std::move(reply));
}

void Exchange::on_response_cut(std::string_view why) {
  if (state_ != ExchangeState::kEnded) cut(why, ClosedBy::kUpstream);
}

void Exchange::enter_tunnel() {
  move_to(state_, ExchangeState::kTunnel);
  request_ended_ = false;
  response_ended_ = false;
  tunnel_idle_.emplace(worker_.scheduler.timers(), bind_timer<&Exchange::on_tunnel_idle>(this));
  tunnel_idle_->arm(kTunnelIdle);
}

void Exchange::on_tunnel_idle() { cut("the tunnel was idle for an hour", ClosedBy::kWoad); }

}  // namespace woad
