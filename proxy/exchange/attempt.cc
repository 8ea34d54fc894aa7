#include "proxy/exchange/attempt.h"

namespace woad {

Attempt::Attempt(AttemptSink& sink, EndpointState& endpoint, Protocol protocol, uint32_t number)
    : sink_(sink), endpoint_(endpoint), number_(number), protocol_(protocol) {
  ++endpoint_.active;
}

Attempt::~Attempt() {
  --endpoint_.active;
  if (writer_ != nullptr) writer_->release(release_reason_);
}

void Attempt::cancel(ResetReason reason) {
  stop_waiting();
  if (state_ != State::kFinished) release_reason_ = reason;
  state_ = State::kFinished;
}

void Attempt::on_stream(RequestWriter& writer, Protocol protocol, bool reused) {
  protocol_ = protocol;
  writer_ = &writer;
  reused_ = reused;
  state_ = State::kSending;
  sink_.on_attempt_ready(*this);
}

void Attempt::on_no_stream(const DialFailure& failure) {
  state_ = State::kFinished;
  sink_.on_attempt_no_stream(*this, failure);
}

void Attempt::on_interim(ResponseHead& head) {
  if (state_ == State::kSending) sink_.on_attempt_interim(head);
}

void Attempt::on_response(ResponseHead& head, bool end) {
  if (state_ != State::kSending) return;
  if (head.tunnel) {
    state_ = State::kTunnel;
  } else {
    state_ = end ? State::kFinished : State::kAnswered;
  }
  sink_.on_attempt_response(*this, head, end);
}

void Attempt::on_data(Buffer&& data, bool end) {
  if (state_ != State::kAnswered && state_ != State::kTunnel) return;
  if (end && state_ == State::kAnswered) state_ = State::kFinished;
  sink_.on_attempt_data(std::move(data), end);
}

void Attempt::on_trailers(Headers& trailers) {
  if (state_ != State::kAnswered) return;
  state_ = State::kFinished;
  sink_.on_attempt_trailers(trailers);
}

void Attempt::on_reset(ResetReason reason, std::string_view why) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  sink_.on_attempt_reset(*this, reason, why);
}

void Attempt::on_writable() {
  if (state_ != State::kWaiting && state_ != State::kFinished) sink_.on_attempt_writable();
}

}  // namespace woad
