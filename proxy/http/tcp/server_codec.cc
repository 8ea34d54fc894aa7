#include "proxy/http/tcp/server_codec.h"

#include <utility>

namespace woad {

TcpServerCodec::TcpServerCodec(Transport& transport, ServerConnection& connection,
                               const CodecContext& context, const HttpLimits& limits,
                               Destination destination)
    : transport_(transport),
      connection_(connection),
      context_(context),
      limits_(limits),
      destination_(std::move(destination)) {
  context_.scheduler.at_turn_end(*this);
}

void TcpServerCodec::begin() {
  state_ = State::kWaiting;
  sink_ = &connection_.on_stream(*this);
  Arena& arena = sink_->arena();
  auto* head = arena.make<RequestHead>(arena);
  head->protocol = Protocol::kTcp;
  head->method = Method::kConnect;
  head->method_name = "CONNECT";
  head->scheme = destination_.tls ? "https" : "";
  head->authority = arena.copy(destination_.authority);
  sink_->on_request(*head, false);
}

void TcpServerCodec::on_bytes(Slice bytes) {
  if (state_ == State::kDone) return;
  if (state_ != State::kTunnel || !pending_.empty()) {
    pending_.append(std::move(bytes));
    transport_.hold_reading(Hold::kPipeline, true);
    return;
  }
  sink_->on_data(Buffer(std::move(bytes)), false);
}

void TcpServerCodec::on_turn_end() {
  if (state_ == State::kBegins) begin();
  if (state_ != State::kTunnel) return;
  if (!pending_.empty()) sink_->on_data(std::exchange(pending_, Buffer()), false);
  if (state_ != State::kTunnel) return;
  transport_.hold_reading(Hold::kPipeline, false);
  if (client_ended_) sink_->on_data(Buffer(), true);
}

void TcpServerCodec::on_eof() {
  client_ended_ = true;
  if (state_ == State::kTunnel) context_.scheduler.at_turn_end(*this);
}

void TcpServerCodec::on_transport_lost(std::string_view why) {
  if (sink_ != nullptr && state_ != State::kDone) {
    sink_->on_reset(ResetReason::kConnectionLost, why);
  } else {
    done();
  }
}

void TcpServerCodec::on_transport_drained() {
  if (sink_ != nullptr) sink_->on_writable();
}

void TcpServerCodec::write_head(const ResponseHead& head, bool, bool) {
  if (state_ != State::kWaiting || !head.tunnel) return;
  state_ = State::kTunnel;
  context_.scheduler.at_turn_end(*this);
}

void TcpServerCodec::write_data(Buffer&& data, bool end) {
  if (state_ != State::kTunnel || ended_) return;
  transport_.write(std::move(data));
  if (!end) return;
  ended_ = true;
  transport_.shutdown_write();
}

void TcpServerCodec::release(ResetReason reason) {
  sink_ = nullptr;
  // Only a reset tells the client that its bytes did not all arrive, or not all came.
  const bool cut = state_ == State::kTunnel && !(client_ended_ && ended_);
  if (cut || reason == ResetReason::kNotConnected) transport_.abort_on_destroy();
  done();
}

void TcpServerCodec::done() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  unlink();
  connection_.on_codec_done();
}

}  // namespace woad
