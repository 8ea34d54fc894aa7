#include "proxy/exchange/attempt.h"

#include "proxy/exchange/forwarder.h"

namespace woad {

Attempt::Attempt(Forwarder& owner, ResponseSink& sink, LivePool& pool, const Endpoint& endpoint,
                 Protocol protocol)
    : owner_(owner), sink_(&sink), race_(pool, endpoint, protocol, *this) {}

Attempt::~Attempt() {
  if (writer_ != nullptr) writer_->release(ResetReason::kCancel);
}

void Attempt::cancel() {
  race_.stop();
  state_ = State::kFinished;
}

void Attempt::on_stream(RequestWriter& writer, bool reused) {
  writer_ = &writer;
  reused_ = reused;
  state_ = State::kSending;
  owner_.on_attempt_ready();
}

void Attempt::on_no_stream(const DialFailure& failure) {
  state_ = State::kFinished;
  owner_.on_attempt_no_stream(failure);
}

void Attempt::on_interim(ResponseHead& head) {
  if (state_ == State::kSending) sink_->on_interim(head);
}

void Attempt::on_response(ResponseHead& head, bool end) {
  if (state_ != State::kSending) return;
  race_.answered();
  if (head.tunnel) {
    state_ = State::kTunnel;
  } else {
    state_ = end ? State::kFinished : State::kAnswered;
  }
  sink_->on_response(head, end);
}

void Attempt::on_data(Buffer&& data, bool end) {
  if (state_ != State::kAnswered && state_ != State::kTunnel) return;
  if (end && state_ == State::kAnswered) state_ = State::kFinished;
  sink_->on_data(std::move(data), end);
}

void Attempt::on_trailers(Headers& trailers) {
  if (state_ != State::kAnswered) return;
  state_ = State::kFinished;
  sink_->on_trailers(trailers);
}

void Attempt::on_reset(ResetReason reason, std::string_view why) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  sink_->on_reset(reason, why);
}

void Attempt::on_writable() {
  if (state_ != State::kWaiting && state_ != State::kFinished) sink_->on_writable();
}

}  // namespace woad
