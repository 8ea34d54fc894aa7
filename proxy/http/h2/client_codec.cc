#include "proxy/http/h2/client_codec.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/h2/fields.h"
#include "proxy/http/h2/nghttp2_glue.h"
#include "proxy/http/validate.h"

namespace woad {
namespace {

constexpr std::string_view kNoHttp2 =
    "the upstream answers in something else than HTTP/2, in which it was asked: let protocol (of "
    "an app: app_protocol) say http1";
constexpr std::string_view kSilent =
    "the upstream closed the connection without a word of HTTP/2; if it speaks HTTP/1.1, let "
    "protocol (of an app: app_protocol) say http1";

// Streams kept for reuse on a connection.
constexpr size_t kSpare = 64;
// Interim responses to one request.
constexpr uint8_t kMostInterims = 8;
// How a silent peer is found out while requests wait for it.
constexpr Duration kQuiet = seconds(10);  // without a byte: PING
constexpr Duration kDead = seconds(3);    // without an answer: lost

}  // namespace

void H2ClientStream::write_head(const RequestHead& request, bool end) {
  if (!session.open() || !owned() || sending != Sending::kHead) return;
  rules.expect_response(request.method);
  H2Fields fields(request.headers);
  add_request(request, fields);
  const nghttp2_data_provider body = body_of(*this);
  const int32_t given =
      nghttp2_submit_request(session.library(), nullptr, fields.data(), fields.size(),
                             end ? nullptr : &body, static_cast<H2Stream*>(this));
  sending = end ? Sending::kEnded : Sending::kBody;
  session.want_flush();
  if (given < 0) {
    codec.unsubmitted_ = true;
    return;
  }
  id = given;
  closed = false;
}

void H2ClientStream::head_leaves() {
  head_sent = true;
  begins_at = codec.transport_.written();
}

void H2ClientStream::begin_head() {
  Arena& arena = sink->arena();
  head = arena.make<ResponseHead>(arena);
  head->protocol = Protocol::kHttp2;
}

void H2ClientStream::add_field(const H2Field& field) {
  if (field.pseudo == Pseudo::kNone) {
    head->headers.add(field.name, field.value, field.id);
  } else {
    head->status = static_cast<int>(parse_decimal(field.value).value_or(0));
  }
}

void H2ClientStream::end_head(bool end, std::string_view) {
  const std::string_view wrong = validate_response(*head);
  if (!wrong.empty()) return fail(wrong);
  if (head->status < 200) {
    if (++interims > kMostInterims) return fail("too many interim responses");
    return response_sink->on_interim(*head);
  }
  receiving = end ? Receiving::kEnded : Receiving::kBody;
  response_sink->on_response(*head, end);
}

void H2ClientStream::fail(std::string_view why) {
  session.count(Hostile::kUpstreamResponse);
  send_reset(NGHTTP2_PROTOCOL_ERROR);
  reset(ResetReason::kProtocolError, why);
}

void H2ClientStream::retire() { codec.keep(*this); }

H2ClientCodec::H2ClientCodec(Transport& transport, ClientConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : transport_(transport),
      connection_(connection),
      session_(transport, context, limits, *this, false),
      peer_streams_(nghttp2_session_get_remote_settings(session_.library(),
                                                        NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)),
      told_room_(room()),
      pinged_at_(session_.now()),
      keep_alive_timer_(context.scheduler.timers(),
                        bind_timer<&H2ClientCodec::on_keep_alive>(this)) {}

void H2ClientCodec::on_bytes(Slice bytes) {
  // RFC 9113 section 3.4: a server begins with SETTINGS, whose first byte is that of a length.
  const bool text = !session_.heard() && !bytes.empty() && bytes.data()[0] >= ' ';
  if (!text) return session_.receive(std::move(bytes));
  if (!session_.open()) return;
  session_.count(Hostile::kUpstreamResponse);
  session_.terminate(NGHTTP2_PROTOCOL_ERROR, kNoHttp2);
}

// What is queued does not go out any more, and an end that crossed requests on their way came from
// a peer that never had them: both may be sent again elsewhere.
void H2ClientCodec::on_eof() {
  session_.for_each_stream([this](H2Stream& each) {
    auto& stream = static_cast<H2ClientStream&>(each);
    const bool arrived =
        stream.head != nullptr || !transport_.unacknowledged_since(stream.begins_at);
    stream.head_sent = stream.head_sent && arrived;
  });
  session_.finish(ResetReason::kConnectionLost,
                  session_.heard() ? "the upstream closed the connection" : kSilent);
}

void H2ClientCodec::on_transport_lost(std::string_view why) {
  session_.finish(ResetReason::kConnectionLost, why);
}

void H2ClientCodec::on_transport_refused(std::string_view why) {
  session_.finish(ResetReason::kNotConnected, why);
}

size_t H2ClientCodec::room() const {
  if (!session_.open() || life_ != Life::kServing) return 0;
  const size_t most = std::min(peer_streams_, session_.limits().concurrent_streams);
  const size_t ids =
      (static_cast<size_t>(INT32_MAX) -
       std::min<size_t>(nghttp2_session_get_next_stream_id(session_.library()), INT32_MAX)) /
      2;
  return most > session_.live() && ids > session_.live() ? most - session_.live() : 0;
}

RequestWriter& H2ClientCodec::open_stream(ResponseSink& sink) {
  WOAD_ASSERT(room() > 0);
  std::unique_ptr<H2ClientStream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<H2ClientStream>(*this, session_);
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
  session_.adopt(*stream);
  told_room_ = room();
  if (!keep_alive_timer_.armed()) keep_alive_timer_.arm(kQuiet);
  return *stream.release();
}

void H2ClientCodec::on_peer_settings() {
  peer_streams_ = nghttp2_session_get_remote_settings(session_.library(),
                                                      NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void H2ClientCodec::on_peer_goaway() { life_ = Life::kDraining; }

void H2ClientCodec::begin_drain() {
  life_ = Life::kDraining;
  session_.want_flush();
}

void H2ClientCodec::on_settled() {
  if (unsubmitted_) {
    unsubmitted_ = false;
    session_.for_each_stream([](H2Stream& stream) {
      const bool failed =
          stream.closed && stream.id == 0 && stream.sending != H2Stream::Sending::kHead;
      if (failed) stream.reset(ResetReason::kRefused, "the connection takes no more streams");
    });
  }
  if (session_.open() && life_ == Life::kDraining && session_.live() == 0) {
    session_.terminate(NGHTTP2_NO_ERROR, "the connection was drained");
  }
  const size_t room_now = room();
  if (room_now == told_room_) return;
  told_room_ = room_now;
  connection_.on_room_changed();
}

void H2ClientCodec::keep(H2ClientStream& stream) {
  std::unique_ptr<H2ClientStream> spare(&stream);
  if (spare_.size() < kSpare) spare_.push_back(std::move(spare));
}

void H2ClientCodec::on_keep_alive() {
  if (!session_.open() || session_.live() == 0) return;
  if (awaiting_ping_ && session_.received_at() <= pinged_at_) {
    transport_.abort_on_destroy();
    return session_.finish(ResetReason::kConnectionLost, "the upstream stopped answering");
  }
  awaiting_ping_ = false;
  const Duration quiet = session_.now() - session_.received_at();
  if (quiet < kQuiet) return keep_alive_timer_.arm(kQuiet - quiet);
  awaiting_ping_ = true;
  pinged_at_ = session_.now();
  nghttp2_submit_ping(session_.library(), NGHTTP2_FLAG_NONE, nullptr);
  keep_alive_timer_.arm(kDead);
  session_.want_flush();
}

}  // namespace woad
