#include "proxy/http/h2/server_codec.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/h2/fields.h"
#include "proxy/http/h2/nghttp2_glue.h"
#include "proxy/http/validate.h"

namespace woad {
namespace {

// Streams kept for reuse on a connection.
constexpr size_t kSpare = 16;
// How long after the notice of a drain the last stream is named, when the peer acknowledges no
// PING.
constexpr Duration kDrainNotice = seconds(1);

bool allows_body(int status) { return status != 204 && status != 304; }

std::optional<Refusal> judge(RequestHead& head, const HttpLimits& limits, std::string_view over) {
  if (!over.empty()) {
    return refuse(Hostile::kHeadersTooLarge, ErrorCode::kHeadersTooLarge, 431, over);
  }
  if (auto refusal = validate_request(head, limits)) return refusal;
  if (!equals_ignore_case(head.scheme, "http") && !equals_ignore_case(head.scheme, "https")) {
    return refuse(Hostile::kTarget, ErrorCode::kBadRequest, 400,
                  "the scheme is neither http nor https");
  }
  return std::nullopt;
}

}  // namespace

void H2ServerStream::write_interim(const ResponseHead& response) {
  codec.submit_interim(*this, response);
}

void H2ServerStream::write_head(const ResponseHead& response, bool end, bool) {
  codec.submit(*this, response, end);
}

H2ServerCodec::H2ServerCodec(Transport& transport, ServerConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : H2Session(transport, context, limits, true),
      connection_(connection),
      busy_at_(now()),
      idle_timer_(context.scheduler.timers(), bind_timer<&H2ServerCodec::on_idle>(this)),
      drain_timer_(context.scheduler.timers(), bind_timer<&H2ServerCodec::finish_drain>(this)) {
  idle_timer_.arm(limits.idle_timeout);
}

H2ServerCodec::~H2ServerCodec() {
  while (!streams_.empty()) delete static_cast<H2ServerStream*>(&streams_.pop_front());
}

void H2ServerCodec::on_eof() {
  if (state_ <= State::kEnding) flush();
  finish_all(ResetReason::kConnectionLost, "the client closed the connection");
}

void H2ServerCodec::on_transport_lost(std::string_view why) {
  finish(ResetReason::kConnectionLost, why);
}

H2Stream* H2ServerCodec::on_peer_stream(int32_t id) {
  // nghttp2 forgets a reset stream at once; here it counts until its owner's work has ended.
  if (live_ >= limits_.concurrent_streams) {
    submit_reset(id, NGHTTP2_REFUSED_STREAM);
    return nullptr;
  }
  std::unique_ptr<H2ServerStream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<H2ServerStream>(*this, static_cast<H2Session&>(*this));
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  stream->id = id;
  stream->is_head = false;
  nghttp2_session_set_stream_user_data(session_, id, static_cast<H2Stream*>(stream.get()));
  adopt(*stream);
  stream->request_sink = &connection_.on_stream(*stream);
  stream->sink = stream->request_sink;
  return stream.release();
}

void H2ServerCodec::on_head_begin(H2Stream& stream) {
  Arena& arena = stream.sink->arena();
  auto* head = arena.make<RequestHead>(arena);
  head->protocol = Protocol::kHttp2;
  static_cast<H2ServerStream&>(stream).head = head;
}

void H2ServerCodec::on_head_field(H2Stream& stream, std::string_view name, std::string_view value) {
  RequestHead& head = *static_cast<H2ServerStream&>(stream).head;
  if (name[0] != ':') {
    const HeaderId id = header_id(name);
    if (id != HeaderId::kHttp2Settings) head.headers.add(name, value, id);
  } else if (name == ":path") {
    head.path = value;
  } else if (name == ":method") {
    head.method_name = value;
    head.method = method_of(value);
  } else if (name == ":authority") {
    head.authority = value;
  } else if (name == ":scheme") {
    head.scheme = value;
  }
}

void H2ServerCodec::on_head_end(H2Stream& stream, bool end, std::string_view over) {
  auto& self = static_cast<H2ServerStream&>(stream);
  RequestHead& head = *self.head;
  self.is_head = head.method == Method::kHead;
  self.receiving = end ? H2Stream::Receiving::kEnded : H2Stream::Receiving::kBody;
  join_cookies(head.headers);
  if (std::optional<Refusal> refusal = judge(head, limits_, over)) {
    count(refusal->kind);
    if (!end) self.receiving = H2Stream::Receiving::kIgnored;
    return self.request_sink->on_bad_request(head, std::move(refusal->reply));
  }
  self.request_sink->on_request(head, end);
}

void H2ServerCodec::submit_interim(H2ServerStream& stream, const ResponseHead& head) {
  // RFC 9113 section 8.6: there is no 101 in HTTP/2.
  if (stream.closed || stream.sending != H2Stream::Sending::kHead || head.status == 101) return;
  char digits[3];
  H2Fields fields(head.headers);
  add_response(head, digits, fields);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, fields.data(),
                         fields.size(), nullptr);
  want_flush();
}

void H2ServerCodec::submit(H2ServerStream& stream, const ResponseHead& head, bool end) {
  if (stream.closed || stream.sending != H2Stream::Sending::kHead) return;
  end = end || stream.is_head || !allows_body(head.status);
  char digits[3];
  H2Fields fields(head.headers);
  add_response(head, digits, fields);
  const nghttp2_data_provider body = body_of(stream);
  const int failed = nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(),
                                             end ? nullptr : &body);
  if (failed != 0) return stream.send_reset(NGHTTP2_INTERNAL_ERROR);
  stream.sending = end ? H2Stream::Sending::kEnded : H2Stream::Sending::kBody;
  want_flush();
}

void H2ServerCodec::keep_for_reuse(H2Stream& stream) {
  busy_at_ = now();
  std::unique_ptr<H2ServerStream> spare(static_cast<H2ServerStream*>(&stream));
  if (spare_.size() < kSpare) spare_.push_back(std::move(spare));
}

void H2ServerCodec::begin_drain() {
  if (!open() || drain_ != Drain::kServing) return;
  // RFC 9113 section 6.8: first a GOAWAY that refuses nothing; the answer to the PING tells that
  // the client has seen it.
  drain_ = Drain::kNoticed;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  drain_timer_.arm(kDrainNotice);
  want_flush();
}

void H2ServerCodec::finish_drain() {
  if (!open() || drain_ != Drain::kNoticed) return;
  drain_ = Drain::kDrained;
  drain_timer_.disarm();
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  want_flush();
}

void H2ServerCodec::on_idle() {
  const Duration idle = now() - busy_at_;
  if (live_ > 0) {
    idle_timer_.arm(limits_.idle_timeout);
  } else if (idle < limits_.idle_timeout) {
    idle_timer_.arm(limits_.idle_timeout - idle);
  } else {
    terminate(NGHTTP2_NO_ERROR, "the connection was idle");
  }
}

}  // namespace woad
