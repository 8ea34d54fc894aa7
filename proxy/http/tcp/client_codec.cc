#include "proxy/http/tcp/client_codec.h"

#include <utility>

namespace woad {

RequestWriter& TcpClientCodec::open_stream(ResponseSink& sink) {
  WOAD_ASSERT(room() > 0);
  sink_ = &sink;
  state_ = State::kAsked;
  return *this;
}

void TcpClientCodec::write_head(const RequestHead&, bool end) {
  if (state_ != State::kAsked) return;
  context_.scheduler.at_turn_end(*this);
  if (end) write_data(Buffer(), true);
}

// The upstream is there, which is all that was asked.
void TcpClientCodec::answer() {
  if (state_ != State::kAsked || sink_ == nullptr) return;
  state_ = State::kTunnel;
  Arena& arena = sink_->arena();
  auto* head = arena.make<ResponseHead>(arena);
  head->protocol = Protocol::kTcp;
  head->tunnel = true;
  sink_->on_response(*head, false);
}

void TcpClientCodec::on_bytes(Slice bytes) {
  if (state_ == State::kFresh) return done();  // speaks before it was asked: it is nobody's
  answer();
  if (state_ != State::kTunnel || sink_ == nullptr) return;
  sink_->on_data(Buffer(std::move(bytes)), false);
}

void TcpClientCodec::on_eof() {
  if (state_ == State::kFresh) return done();
  answer();
  peer_ended_ = true;
  if (state_ == State::kTunnel && sink_ != nullptr) sink_->on_data(Buffer(), true);
}

void TcpClientCodec::on_transport_lost(std::string_view why) {
  lose(ResetReason::kConnectionLost, why);
}

void TcpClientCodec::on_transport_refused(std::string_view why) {
  lose(ResetReason::kNotConnected, why);
}

void TcpClientCodec::lose(ResetReason reason, std::string_view why) {
  if (state_ == State::kDone) return;
  state_ = State::kLost;
  unlink();
  if (sink_ != nullptr) {
    sink_->on_reset(reason, why);
  } else {
    done();
  }
}

void TcpClientCodec::on_transport_drained() {
  if (sink_ != nullptr) sink_->on_writable();
}

void TcpClientCodec::write_data(Buffer&& data, bool end) {
  if ((state_ != State::kAsked && state_ != State::kTunnel) || ended_) return;
  sent_ = sent_ || !data.empty();
  transport_.write(std::move(data));
  if (!end) return;
  ended_ = true;
  transport_.shutdown_write();
}

void TcpClientCodec::hold_reading(bool on) {
  if (state_ == State::kAsked || state_ == State::kTunnel) {
    transport_.hold_reading(Hold::kStream, on);
  }
}

void TcpClientCodec::release(ResetReason) {
  sink_ = nullptr;
  // Only a reset tells the upstream that the client did not say, or hear, all it wanted to.
  if (!(ended_ && peer_ended_)) transport_.abort_on_destroy();
  if (state_ != State::kLost) done();
}

void TcpClientCodec::done() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  unlink();
  connection_.on_codec_done();
}

}  // namespace woad
