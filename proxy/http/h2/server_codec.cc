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
  if (head.method == Method::kConnect) return std::nullopt;  // RFC 9113 section 8.5
  if (!equals_ignore_case(head.scheme, "http") && !equals_ignore_case(head.scheme, "https")) {
    return refuse(Hostile::kTarget, ErrorCode::kBadRequest, 400,
                  "the scheme is neither http nor https");
  }
  return std::nullopt;
}

}  // namespace

void H2ServerStream::write_interim(const ResponseHead& response) {
  // RFC 9113 section 8.6: there is no 101 in HTTP/2.
  if (closed || sending != Sending::kHead || response.status == 101) return;
  char digits[3];
  H2Fields fields(response.headers);
  add_response(response, digits, fields);
  nghttp2_submit_headers(session.library(), NGHTTP2_FLAG_NONE, id, nullptr, fields.data(),
                         fields.size(), nullptr);
  session.want_flush();
}

void H2ServerStream::write_head(const ResponseHead& response, bool end, bool) {
  if (closed || sending != Sending::kHead) return;
  end = end || is_head || !allows_body(response.status);
  char digits[3];
  H2Fields fields(response.headers);
  add_response(response, digits, fields);
  const nghttp2_data_provider body = body_of(*this);
  const int failed = nghttp2_submit_response(session.library(), id, fields.data(), fields.size(),
                                             end ? nullptr : &body);
  if (failed != 0) return send_reset(NGHTTP2_INTERNAL_ERROR);
  sending = end ? Sending::kEnded : Sending::kBody;
  session.want_flush();
}

void H2ServerStream::begin_head() {
  Arena& arena = sink->arena();
  head = arena.make<RequestHead>(arena);
  head->protocol = Protocol::kHttp2;
}

void H2ServerStream::add_field(const H2Field& field) {
  switch (field.pseudo) {
    case Pseudo::kPath: head->path = field.value; return;
    case Pseudo::kMethod:
      head->method_name = field.value;
      head->method = method_of(field.value);
      return;
    case Pseudo::kAuthority: head->authority = field.value; return;
    case Pseudo::kScheme: head->scheme = field.value; return;
    default: break;
  }
  if (field.id == HeaderId::kHttp2Settings) return;
  head->headers.add(field.name, field.value, field.id);
  if (field.name == "priority") prioritize(field.value);
}

void H2ServerStream::prioritize(std::string_view said) {
  if (!read_priority(said, priority)) return;
  const nghttp2_extpri wish{priority.urgency, priority.incremental ? 1 : 0};
  nghttp2_session_change_extpri_stream_priority(session.library(), id, &wish, 0);
}

void H2ServerStream::end_head(bool end, std::string_view over) {
  is_head = head->method == Method::kHead;
  receiving = end ? Receiving::kEnded : Receiving::kBody;
  join_cookies(head->headers);
  if (std::optional<Refusal> refusal = judge(*head, session.limits(), over)) {
    session.count(refusal->kind);
    if (!end) receiving = Receiving::kIgnored;
    return request_sink->on_bad_request(*head, std::move(refusal->reply));
  }
  request_sink->on_request(*head, end);
}

void H2ServerStream::retire() { codec.keep(*this); }

H2ServerCodec::H2ServerCodec(Transport& transport, ServerConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : connection_(connection),
      session_(transport, context, limits, *this, true),
      busy_at_(session_.now()),
      idle_timer_(context.scheduler.timers(), bind_timer<&H2ServerCodec::on_idle>(this)),
      drain_timer_(context.scheduler.timers(), bind_timer<&H2ServerCodec::finish_drain>(this)) {
  idle_timer_.arm(limits.idle_timeout);
}

void H2ServerCodec::on_eof() { session_.on_eof("the client closed the connection"); }

void H2ServerCodec::on_transport_lost(std::string_view why) {
  session_.finish(ResetReason::kConnectionLost, why);
}

H2Stream* H2ServerCodec::on_peer_stream(int32_t id) {
  // nghttp2 forgets a reset stream at once; here it counts until its owner's work has ended.
  if (session_.live() >= session_.limits().concurrent_streams) {
    session_.submit_reset(id, NGHTTP2_REFUSED_STREAM);
    return nullptr;
  }
  std::unique_ptr<H2ServerStream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<H2ServerStream>(*this, session_);
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  stream->id = id;
  stream->is_head = false;
  stream->priority = {};
  nghttp2_session_set_stream_user_data(session_.library(), id,
                                       static_cast<H2Stream*>(stream.get()));
  session_.adopt(*stream);
  stream->request_sink = &connection_.on_stream(*stream);
  stream->sink = stream->request_sink;
  return stream.release();
}

void H2ServerCodec::keep(H2ServerStream& stream) {
  busy_at_ = session_.now();
  std::unique_ptr<H2ServerStream> spare(&stream);
  if (spare_.size() < kSpare) spare_.push_back(std::move(spare));
}

void H2ServerCodec::begin_drain() {
  if (!session_.open() || drain_ != Drain::kServing) return;
  // RFC 9113 section 6.8: first a GOAWAY that refuses nothing; the answer to the PING tells that
  // the client has seen it.
  drain_ = Drain::kNoticed;
  nghttp2_submit_shutdown_notice(session_.library());
  nghttp2_submit_ping(session_.library(), NGHTTP2_FLAG_NONE, nullptr);
  drain_timer_.arm(kDrainNotice);
  session_.want_flush();
}

void H2ServerCodec::finish_drain() {
  if (!session_.open() || drain_ != Drain::kNoticed) return;
  drain_ = Drain::kDrained;
  drain_timer_.disarm();
  nghttp2_submit_goaway(session_.library(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.library()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  session_.want_flush();
}

void H2ServerCodec::on_idle() {
  const Duration idle_timeout = session_.limits().idle_timeout;
  const Duration idle = session_.now() - busy_at_;
  if (session_.live() > 0) {
    idle_timer_.arm(idle_timeout);
  } else if (idle < idle_timeout) {
    idle_timer_.arm(idle_timeout - idle);
  } else {
    session_.terminate(NGHTTP2_NO_ERROR, "the connection was idle");
  }
}

}  // namespace woad
