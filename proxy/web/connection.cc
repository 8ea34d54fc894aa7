#include "proxy/web/connection.h"

#include <utility>

#include "proxy/http/h1/server_codec.h"
#include "proxy/http/h2/server_codec.h"

namespace woad {
namespace {

// A client of these keeps its connections for a while, but not the connection a server of its own.
HttpLimits web_limits() {
  HttpLimits limits;
  limits.concurrent_streams = 100;
  limits.idle_timeout = minutes(2);
  return limits;
}

std::unique_ptr<ServerCodec> make_codec(std::string_view alpn, Transport& transport,
                                        ServerConnection& connection, const CodecContext& context) {
  if (alpn == "h2") {
    return std::make_unique<H2ServerCodec>(transport, connection, context, web_limits());
  }
  return std::make_unique<H1ServerCodec>(transport, connection, context, web_limits());
}

}  // namespace

WebConnection::WebConnection(WebHost& host, std::string_view alpn,
                             std::unique_ptr<Transport> transport)
    : host_(host), transport_(std::move(transport)) {
  codec_ = make_codec(alpn, *transport_, *this, host.codec_context());
}

WebConnection::~WebConnection() {
  state_ = State::kClosed;
  while (!streams_.empty()) delete &streams_.pop_front();
  codec_.reset();
  Transport::close_after_flush(std::move(transport_));
}

void WebConnection::start() { transport_->start(*this); }

void WebConnection::drain() { codec_->begin_drain(); }

void WebConnection::on_lost(std::string_view why) {
  codec_->on_transport_lost(why);
  close();
}

RequestSink& WebConnection::on_stream(ResponseWriter& writer) {
  auto* stream = new WebStream(*this, writer);
  streams_.push_back(*stream);
  return *stream;
}

void WebConnection::on_stream_end(WebStream& stream) {
  stream.unlink();
  host_.codec_context().scheduler.defer_delete(std::unique_ptr<Deferred>(&stream));
}

void WebConnection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  host_.on_closed(*this);
}

}  // namespace woad
