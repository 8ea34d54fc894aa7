// The response side of an exchange: from the upstream through the filters to the client.
#include "proxy/exchange/exchange.h"

namespace woad {

void Exchange::ResponseSide::on_interim(ResponseHead& head) {
  // RFC 9110 section 15.2: an HTTP/1.0 client knows no 1xx.
  if (exchange_.state_ == ExchangeState::kForwarding &&
      exchange_.request_.head()->protocol != Protocol::kHttp10) {
    exchange_.writer_.write_interim(head);
  }
}

void Exchange::ResponseSide::on_response(ResponseHead& head, bool end) {
  if (exchange_.state_ == ExchangeState::kEnded) return;
  half_.begin(head, end);
  walk();
}

void Exchange::ResponseSide::walk() {
  HeadVerdict verdict = exchange_.filters_.response_head(*half_.head(), half_.head_ends());
  switch (verdict.kind()) {
    case HeadVerdict::Kind::kReply: exchange_.answer(verdict.take_reply()); return;
    case HeadVerdict::Kind::kWait:
      move_to(exchange_.state_, ExchangeState::kResponseWaits);
      exchange_.forwarder_.hold_response(true);
      return;
    case HeadVerdict::Kind::kGo: send_head(); return;
  }
}

// Sends the head, and behind it what came while it waited in a filter.
void Exchange::ResponseSide::send_head() {
  ResponseHead& head = *half_.head();
  const bool waited = exchange_.state_ == ExchangeState::kResponseWaits;
  const bool end = half_.head_ends();
  move_to(exchange_.state_, ExchangeState::kResponding);
  exchange_.pace_.reset();
  exchange_.info_.status = head.status;
  exchange_.writer_.write_head(head, end, exchange_.owner_.closing());
  if (end) {
    exchange_.finish();
    return;
  }
  if (head.tunnel) exchange_.enter_tunnel();
  half_.release([&](Buffer&& data, bool last) { on_data(std::move(data), last); },
                [&](Headers& trailers) { send_trailers(trailers); });
  if (waited && exchange_.response_begun()) {
    exchange_.forwarder_.hold_response(!exchange_.writer_.writable());
  }
}

void Exchange::ResponseSide::on_data(Buffer&& data, bool end) {
  if (end) half_.end();
  switch (exchange_.state_) {
    case ExchangeState::kResponseWaits: half_.keep(std::move(data)); return;
    case ExchangeState::kTunnel:
      exchange_.on_tunnel_bytes();
      write(std::move(data), end);
      if (end && exchange_.request_.ended()) exchange_.finish();
      return;
    case ExchangeState::kResponding: send_data(std::move(data), end); return;
    default: return;
  }
}

void Exchange::ResponseSide::send_data(Buffer&& data, bool end) {
  Verdict verdict = exchange_.filters_.response_data(data, end);
  if (verdict.kind() == Verdict::Kind::kReply) {
    exchange_.cut(verdict.take_reply().details, ClosedBy::kWoad);
    return;
  }
  write(std::move(data), end);
  if (end) exchange_.finish();
}

void Exchange::ResponseSide::write(Buffer&& data, bool end) {
  exchange_.info_.bytes_sent += data.size();
  exchange_.writer_.write_data(std::move(data), end);
  if (!end && !exchange_.writer_.writable()) exchange_.forwarder_.hold_response(true);
}

void Exchange::ResponseSide::on_trailers(Headers& trailers) {
  half_.end();
  if (exchange_.state_ == ExchangeState::kResponseWaits) {
    half_.keep(trailers);
  } else {
    send_trailers(trailers);
  }
}

void Exchange::ResponseSide::send_trailers(Headers& trailers) {
  if (exchange_.state_ != ExchangeState::kResponding) return;
  Verdict verdict = exchange_.filters_.response_trailers(trailers);
  if (verdict.kind() == Verdict::Kind::kReply) {
    exchange_.cut(verdict.take_reply().details, ClosedBy::kWoad);
    return;
  }
  exchange_.writer_.write_trailers(trailers);
  exchange_.finish();
}

void Exchange::ResponseSide::on_reset(ResetReason, std::string_view why) {
  if (exchange_.state_ != ExchangeState::kEnded) exchange_.cut(why, ClosedBy::kUpstream);
}

void Exchange::ResponseSide::on_writable() {
  if (exchange_.state_ != ExchangeState::kEnded) exchange_.hold_client(false);
}

}  // namespace woad
