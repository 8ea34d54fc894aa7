#include "proxy/web/connection.h"

#include <utility>

#include "proxy/http/detect.h"
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

template <class Codec>
std::unique_ptr<ServerCodec> make_codec(Transport& transport, ServerConnection& connection,
                                        const CodecContext& context) {
  return std::make_unique<Codec>(transport, connection, context, web_limits());
}

}  // namespace

WebConnection::WebConnection(WebHost& host, Protocols protocols, WebCaller caller,
                             std::unique_ptr<Transport> transport)
    : host_(host),
      state_(protocols == Protocols::kByFirstBytes ? State::kOpening : State::kOpen),
      caller_(std::move(caller)),
      transport_(std::move(transport)),
      stall_(host.codec_context().scheduler.timers(), bind_timer<&WebConnection::on_stall>(this)) {
  const auto make =
      protocols == Protocols::kHttp2 ? make_codec<H2ServerCodec> : make_codec<H1ServerCodec>;
  codec_ = make(*transport_, *this, host.codec_context());
}

WebConnection::~WebConnection() {
  state_ = State::kClosed;
  while (!streams_.empty()) delete &streams_.pop_front();
  codec_.reset();
  Transport::close_after_flush(std::move(transport_));
}

void WebConnection::start() { transport_->start(*this); }

void WebConnection::drain() { codec_->begin_drain(); }

void WebConnection::on_bytes(Slice bytes) {
  if (state_ == State::kOpening) {
    open(bytes);
  } else if (state_ == State::kOpen) {
    feed(std::move(bytes));
  }
}

void WebConnection::feed(Slice bytes) {
  codec_->on_bytes(std::move(bytes));
  if (state_ == State::kStreaming) on_stream_begins();
}

// What comes behind the request is thrown away, so that reading goes on and the client's end is
// noticed.
void WebConnection::on_stream_begins() {
  if (!is_http1()) return;
  state_ = State::kStreaming;
  transport_->hold_reading(Hold::kPipeline, false);
}

void WebConnection::on_eof() {
  codec_->on_eof();
  if (is_http1()) streams_.for_each([](WebStream& stream) { stream.on_client_eof(); });
}

// Until it is known, the codec of HTTP/1 looks after a client that stays silent.
void WebConnection::open(const Slice& bytes) {
  first_ += bytes.view();
  const Detected detected = detect_protocol(first_);
  if (detected == Detected::kNeedMore) return;
  state_ = State::kOpen;
  const CodecContext context = host_.codec_context();
  if (detected == Detected::kHttp2) codec_ = make_codec<H2ServerCodec>(*transport_, *this, context);
  Buffer all(context.blocks, std::exchange(first_, {}));
  while (!all.empty() && state_ == State::kOpen) feed(all.take_front());
}

void WebConnection::on_drained() {
  stall_.disarm();
  transport_->hold_reading(Hold::kBacklog, false);
  codec_->on_transport_drained();
}

void WebConnection::on_lost(std::string_view why) {
  codec_->on_transport_lost(why);
  close();
}

RequestSink& WebConnection::on_stream(ResponseWriter& writer) {
  auto* stream = new WebStream(*this, writer);
  streams_.push_back(*stream);
  return *stream;
}

// Over the transport's mark, so that on_drained() comes.
void WebConnection::on_answered() {
  if (!is_http1() || stall_.armed()) return;
  if (transport_->backlog() <= HttpLimits().buffer) return;
  transport_->hold_reading(Hold::kBacklog, true);
  stall_.arm(kStallTimeout);
}

void WebConnection::on_stall() {
  transport_->abort_on_destroy();
  codec_->on_transport_lost("the client takes nothing of its answer");
  close();
}

void WebConnection::on_stream_end(WebStream& stream) {
  stream.unlink();
  host_.codec_context().scheduler.defer_delete(std::unique_ptr<Deferred>(&stream));
}

void WebConnection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  stall_.disarm();
  host_.on_closed(*this);
}

}  // namespace woad
