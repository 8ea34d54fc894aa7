#include "proxy/http/h2/client_codec.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/h2/fields.h"
#include "proxy/http/h2/nghttp2_glue.h"
#include "proxy/http/validate.h"

namespace woad {
namespace {

// Streams kept for reuse on a connection.
constexpr size_t kSpare = 64;
// Interim responses to one request.
constexpr uint8_t kMostInterims = 8;

constexpr std::string_view kNoHttp2 =
    "the upstream answers in something else than HTTP/2, in which it was asked: let protocol (of "
    "an app: app_protocol) say http1";
constexpr std::string_view kSilent =
    "the upstream closed the connection without a word of HTTP/2; if it speaks HTTP/1.1, let "
    "protocol (of an app: app_protocol) say http1";

}  // namespace

void H2ClientStream::write_head(const RequestHead& request, bool end) {
  codec.submit(*this, request, end);
}

H2ClientCodec::H2ClientCodec(Transport& transport, ClientConnection& connection,
                             const CodecContext& context, const HttpLimits& limits,
                             const H2KeepAlive& keep_alive)
    : H2Session(transport, context, limits, false),
      connection_(connection),
      keep_alive_(keep_alive),
      peer_streams_(
          nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)),
      told_room_(room()),
      pinged_at_(now()),
      keep_alive_timer_(context.scheduler.timers(),
                        bind_timer<&H2ClientCodec::on_keep_alive>(this)) {}

H2ClientCodec::~H2ClientCodec() {
  while (!streams_.empty()) delete static_cast<H2ClientStream*>(&streams_.pop_front());
}

void H2ClientCodec::on_bytes(Slice bytes) {
  // RFC 9113 section 3.4: a server begins with SETTINGS, whose first byte is that of a length.
  const bool text = !received_any_ && !bytes.empty() && bytes.data()[0] >= ' ';
  if (!text) return receive(std::move(bytes));
  received_any_ = true;
  terminate_for(Hostile::kUpstreamResponse, NGHTTP2_PROTOCOL_ERROR, kNoHttp2);
}

void H2ClientCodec::on_eof() {
  if (finish_ending()) return;
  finish_all(ResetReason::kConnectionLost,
             received_any_ ? "the upstream closed the connection" : kSilent);
}

void H2ClientCodec::on_transport_lost(std::string_view why) {
  if (finish_ending()) return;
  finish(ResetReason::kConnectionLost, why);
}

void H2ClientCodec::on_transport_refused(std::string_view why) {
  finish(ResetReason::kNotConnected, why);
}

size_t H2ClientCodec::room() const {
  if (!open() || life_ != Life::kServing) return 0;
  const size_t most = std::min(peer_streams_, limits_.concurrent_streams);
  const size_t ids = (static_cast<size_t>(INT32_MAX) -
                      std::min<size_t>(nghttp2_session_get_next_stream_id(session_), INT32_MAX)) /
                     2;
  return most > live_ && ids > live_ ? most - live_ : 0;
}

RequestWriter& H2ClientCodec::open_stream(ResponseSink& sink) {
  std::unique_ptr<H2ClientStream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<H2ClientStream>(*this, static_cast<H2Session&>(*this));
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
    stream->head_sent = false;
    stream->head = nullptr;
    stream->interims = 0;
  }
  stream->closed = true;  // until it is submitted
  stream->response_sink = &sink;
  stream->sink = &sink;
  adopt(*stream);
  told_room_ = room();
  if (!keep_alive_timer_.armed()) keep_alive_timer_.arm(keep_alive_.quiet);
  return *stream.release();
}

void H2ClientCodec::submit(H2ClientStream& stream, const RequestHead& head, bool end) {
  if (!open() || !stream.owned() || stream.sending != H2Stream::Sending::kHead) return;
  H2Fields fields(head.headers);
  add_request(head, fields);
  const nghttp2_data_provider body = body_of(stream);
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                            end ? nullptr : &body, static_cast<H2Stream*>(&stream));
  stream.sending = end ? H2Stream::Sending::kEnded : H2Stream::Sending::kBody;
  want_flush();
  if (id < 0) {
    unsubmitted_ = true;
    return;
  }
  stream.id = id;
  stream.closed = false;
}

void H2ClientCodec::on_head_begin(H2Stream& stream) {
  Arena& arena = stream.sink->arena();
  auto* head = arena.make<ResponseHead>(arena);
  head->protocol = Protocol::kHttp2;
  static_cast<H2ClientStream&>(stream).head = head;
}

void H2ClientCodec::on_head_field(H2Stream& stream, std::string_view name, std::string_view value) {
  ResponseHead& head = *static_cast<H2ClientStream&>(stream).head;
  if (name[0] != ':') {
    head.headers.add(name, value);
  } else if (name == ":status") {
    head.status = static_cast<int>(parse_decimal(value).value_or(0));
  }
}

void H2ClientCodec::on_head_end(H2Stream& stream, bool end, std::string_view) {
  auto& self = static_cast<H2ClientStream&>(stream);
  ResponseHead& head = *self.head;
  const std::string_view wrong = validate_response(head);
  if (!wrong.empty()) return fail(self, wrong);
  if (head.status < 200) {
    if (++self.interims > kMostInterims) return fail(self, "too many interim responses");
    return self.response_sink->on_interim(head);
  }
  self.receiving = end ? H2Stream::Receiving::kEnded : H2Stream::Receiving::kBody;
  self.response_sink->on_response(head, end);
}

void H2ClientCodec::fail(H2ClientStream& stream, std::string_view why) {
  count(Hostile::kUpstreamResponse);
  stream.send_reset(NGHTTP2_PROTOCOL_ERROR);
  stream.reset(ResetReason::kProtocolError, why);
}

void H2ClientCodec::on_head_sent(H2Stream& stream) {
  static_cast<H2ClientStream&>(stream).head_sent = true;
}

bool H2ClientCodec::never_sent(const H2Stream& stream) const {
  return !static_cast<const H2ClientStream&>(stream).head_sent;
}

void H2ClientCodec::on_peer_settings() {
  peer_streams_ =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void H2ClientCodec::on_peer_goaway() { life_ = Life::kDraining; }

void H2ClientCodec::begin_drain() {
  life_ = Life::kDraining;
  want_flush();
}

void H2ClientCodec::on_settled() {
  if (unsubmitted_) {
    unsubmitted_ = false;
    for_each_stream([](H2Stream& stream) {
      const bool failed =
          stream.closed && stream.id == 0 && stream.sending != H2Stream::Sending::kHead;
      if (failed) stream.reset(ResetReason::kRefused, "the connection takes no more streams");
    });
  }
  if (open() && life_ == Life::kDraining && live_ == 0) {
    terminate(NGHTTP2_NO_ERROR, "the connection was drained");
  }
  const size_t room_now = room();
  if (room_now == told_room_) return;
  told_room_ = room_now;
  connection_.on_room_changed();
}

void H2ClientCodec::keep_for_reuse(H2Stream& stream) {
  std::unique_ptr<H2ClientStream> spare(static_cast<H2ClientStream*>(&stream));
  if (spare_.size() < kSpare) spare_.push_back(std::move(spare));
}

void H2ClientCodec::on_keep_alive() {
  if (!open() || live_ == 0) return;
  if (awaiting_ping_ && received_at_ <= pinged_at_) {
    transport_.abort_on_destroy();
    return finish_all(ResetReason::kConnectionLost, "the upstream stopped answering");
  }
  awaiting_ping_ = false;
  const Duration quiet = now() - received_at_;
  if (quiet < keep_alive_.quiet) return keep_alive_timer_.arm(keep_alive_.quiet - quiet);
  awaiting_ping_ = true;
  pinged_at_ = now();
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  keep_alive_timer_.arm(keep_alive_.dead);
  want_flush();
}

}  // namespace woad
