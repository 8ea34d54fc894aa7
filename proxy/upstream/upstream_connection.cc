#include "proxy/upstream/upstream_connection.h"

#include <algorithm>

#include "proxy/http/h1/client_codec.h"
#include "proxy/http/h2/client_codec.h"
#include "proxy/http/tcp/client_codec.h"
#include "proxy/upstream/connection_pool.h"

namespace woad {

UpstreamConnection::UpstreamConnection(ConnectionPool& pool)
    : pool_(pool),
      begun_(pool.context().scheduler.now()),
      idle_timer_(pool.context().scheduler.timers(),
                  bind_timer<&UpstreamConnection::on_idle>(this)),
      age_(pool.context().scheduler, *this) {}

UpstreamConnection::~UpstreamConnection() {
  // The codec tells of streams that end with it; the pool must not take this connection back.
  state_ = State::kClosing;
  codec_.reset();
}

void UpstreamConnection::dial() {
  dial_ = pool_.context().dialer.dial(pool_.address(), pool_.channel(), *this);
}

void UpstreamConnection::on_dialed(Dialed dialed) {
  PoolContext& context = pool_.context();
  const std::optional<Protocol> protocol = pool_.agreed(dialed);
  if (!protocol) {
    on_dial_failed({"tls_protocol_error",
                    pool_.name() + ": the server did not agree on h2 (ALPN), and protocol: http2 "
                                   "asks for it",
                    DialFailure::Cause::kNotAgreed});
    return;
  }
  dial_.reset();
  transport_ = std::move(dialed.transport);
  transport_->set_high_water(context.limits.buffer);
  codec_ = make_codec(*protocol);
  state_ = State::kOpen;
  age_.end_with_certificate(dialed.good_until);
  tell("an upstream connection is open", {"identity", dialed.identity});
  transport_->start(*this);
  pool_.on_open(*this);
}

std::unique_ptr<ClientCodec> UpstreamConnection::make_codec(Protocol protocol) {
  const PoolContext& context = pool_.context();
  ClientConnection& self = *this;
  switch (protocol) {
    case Protocol::kHttp2:
      return std::make_unique<H2ClientCodec>(*transport_, self, context.codec, context.limits);
    case Protocol::kTcp:
      return std::make_unique<TcpClientCodec>(*transport_, self, context.codec, context.limits);
    case Protocol::kHttp10:
    case Protocol::kHttp11: break;
  }
  return std::make_unique<H1ClientCodec>(*transport_, self, context.codec, context.limits);
}

void UpstreamConnection::on_dial_failed(DialFailure failure) {
  state_ = State::kClosing;
  tell("an upstream connection could not be opened", {"why", failure.message});
  pool_.on_dial_failed(*this, failure);
}

bool UpstreamConnection::is_ending() const {
  return protocol() == Protocol::kHttp11 && transport_->input_waits();
}

RequestWriter& UpstreamConnection::open_stream(ResponseSink& sink) {
  idle_timer_.disarm();
  ++streams_opened_;
  return codec_->open_stream(sink);
}

void UpstreamConnection::start_idle_timer() {
  Duration limit = ConnectionPool::kIdleHttp2;
  if (protocol() != Protocol::kHttp2) {
    limit = pool_.context().idle_http1;
    const Duration told = codec_->peer_idle_timeout();
    // A second earlier than the server's own limit: the request must arrive before it closes.
    if (told > Duration(0)) limit = std::max<Duration>(told - seconds(1), milliseconds(100));
  }
  idle_timer_.arm(limit);
}

void UpstreamConnection::drain() {
  if (state_ == State::kOpen) age_.end_within(ConnectionAge::kReplaced);
  begin_drain();
}

void UpstreamConnection::begin_drain() {
  if (state_ == State::kDraining) return;
  if (state_ == State::kOpen && active_streams() > 0) {
    state_ = State::kDraining;
    codec_->begin_drain();
    pool_.on_room(*this);
  } else {
    close("its certificates, its channel or its endpoint were replaced");
  }
}

void UpstreamConnection::on_old() { begin_drain(); }

void UpstreamConnection::on_too_old() { on_lost(ConnectionAge::kTooOld); }

void UpstreamConnection::on_idle() { close("nobody needed it for a while"); }

void UpstreamConnection::on_bytes(Slice bytes) {
  if (alive()) codec_->on_bytes(std::move(bytes));
}

void UpstreamConnection::on_eof() {
  if (alive()) codec_->on_eof();
}

void UpstreamConnection::on_drained() {
  if (alive()) codec_->on_transport_drained();
}

void UpstreamConnection::on_lost(std::string_view why) {
  if (!alive()) return;
  tell("an upstream connection was lost", {"why", why});
  if (transport_->refused()) {
    codec_->on_transport_refused(why);
  } else {
    codec_->on_transport_lost(why);
  }
  close("it was lost");
}

void UpstreamConnection::on_room_changed() {
  if (state_ == State::kOpen) pool_.on_room(*this);
}

void UpstreamConnection::on_codec_done() {
  if (state_ != State::kClosing) close(codec_->end_why());
}

void UpstreamConnection::tell(std::string_view sentence, LogField detail) const {
  EventLog* const log = pool_.context().log;
  if (log == nullptr || !log->debugs()) return;
  log->debug(sentence,
             {{"upstream", pool_.name()},
              {"local", transport_ == nullptr ? std::string() : transport_->local().to_string()},
              {"protocol", codec_ == nullptr ? std::string_view() : to_string(protocol())},
              {"tls", pool_.channel()->tls == nullptr ? "no" : "yes"},
              {"streams", std::to_string(streams_opened_)},
              detail});
}

void UpstreamConnection::close(std::string_view why) {
  if (state_ == State::kClosing) return;
  tell("an upstream connection ended", {"why", why});
  const bool was_dialing = state_ == State::kDialing;
  state_ = State::kClosing;
  dial_.reset();
  idle_timer_.disarm();
  age_.stop();
  pool_.on_closed(*this, was_dialing);
}

}  // namespace woad
