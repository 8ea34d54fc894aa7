#include "proxy/http/h1/client_codec.h"

#include <utility>

#include "proxy/http/h1/body_reader.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/heads.h"
#include "proxy/http/h1/serializer.h"

namespace woad {

using h1::BodyLength;
using h1::BodyReader;
using h1::BodyWriter;
using h1::FoundHead;
using h1::HeadScan;

namespace {

constexpr std::string_view kAnswersInHttp2 =
    "the upstream answers in HTTP/2 and was asked in HTTP/1.1: let protocol (of an app: "
    "app_protocol) say http2";

// The head of the SETTINGS frame with which a server of HTTP/2 begins (RFC 9113 sections 3.4 and
// 4.1), or of the GOAWAY of one that does not wait for more.
bool begins_http2(std::string_view bytes) {
  constexpr size_t kFrameHead = 9;
  constexpr char kSettings = 4;
  constexpr char kGoaway = 7;
  return bytes.size() >= kFrameHead && bytes[0] == 0 &&
         (bytes[3] == kSettings || bytes[3] == kGoaway) &&
         bytes.substr(4, 5) == std::string_view("\0\0\0\0\0", 5);
}

// Methods for which a missing body is worth a Content-Length (RFC 9110 section 8.6).
bool expects_content(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

std::string_view connection_value(bool te, bool upgrade) {
  if (te) return upgrade ? "te, upgrade" : "te";
  return upgrade ? "upgrade" : "";
}

}  // namespace

H1ClientCodec::H1ClientCodec(Transport& transport, ClientConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : transport_(transport), connection_(connection), context_(context), limits_(limits) {}

RequestWriter& H1ClientCodec::open_stream(ResponseSink& sink) {
  WOAD_ASSERT(room() > 0);
  request_ = sink.arena().make<Request>(sink);
  rx_ = Rx::kHead;
  return *this;
}

void H1ClientCodec::write_head(const RequestHead& head, bool end) {
  Request& request = *request_;
  WOAD_ASSERT(!request.body.begun());
  if (!can_write()) return;
  request.begins_at = transport_.written();
  request.to_head = head.method == Method::kHead;
  request.upgrade = head.upgrade;
  if (!end && !head.content_length.has_value()) {
    request.body = BodyWriter::in_chunks();
  } else if (head.content_length.has_value() || expects_content(head.method)) {
    request.body = BodyWriter::of_length(head.content_length.value_or(0));
  }
  h1::HeadExtras extras;
  request.body.declare(extras);
  extras.te_trailers = head.te_trailers;
  extras.expect_continue = head.expects_continue && !end;
  extras.upgrade = head.upgrade;
  extras.connection = connection_value(head.te_trailers, !head.upgrade.empty());
  h1::write_request_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  if (end) request.body.end();
}

void H1ClientCodec::write_data(Buffer&& data, bool end) {
  if (can_write()) request_->body.write(transport_, context_.blocks, std::move(data), end);
}

void H1ClientCodec::write_trailers(const Headers& trailers) {
  if (can_write()) request_->body.write_trailers(transport_, context_.blocks, trailers);
}

void H1ClientCodec::hold_reading(bool on) {
  if (request_->held == on || life_ >= Life::kLost) return;
  request_->held = on;
  transport_.hold_reading(Hold::kStream, on);
}

void H1ClientCodec::release(ResetReason) {
  WOAD_ASSERT(request_ != nullptr);
  hold_reading(false);
  const Request& request = *std::exchange(request_, nullptr);
  const bool ended = request.body.ended() && rx_ == Rx::kEnd;
  // Opened and left before anything was written: the connection is as good as new.
  const bool unused = !request.body.begun() && rx_ == Rx::kHead && !heads_.begun();
  if (life_ == Life::kOpen && request.body.exact() && (ended || unused)) {
    rx_ = Rx::kIdle;
    connection_.on_room_changed();
  } else {
    done(ended ? "the response was its last" : "a request on it was given up");
  }
}

void H1ClientCodec::on_bytes(Slice bytes) {
  while (!bytes.empty()) {
    switch (rx_) {
      case Rx::kHead:
        if (!request_->body.begun()) return unsolicited();
        read_head(bytes);
        break;
      case Rx::kBody: read_body(bytes); break;
      case Rx::kTunnel: request_->sink.on_data(Buffer(std::exchange(bytes, Slice())), false); break;
      case Rx::kIdle:
      case Rx::kEnd: return unsolicited();
      case Rx::kClosed: return;
    }
  }
}

void H1ClientCodec::unsolicited() {
  be_last();
  ++context_.hostile[static_cast<size_t>(Hostile::kUpstreamResponse)];
  if (request_ == nullptr) {
    done("the upstream spoke without being asked");
  } else if (rx_ == Rx::kHead) {
    rx_ = Rx::kClosed;
    request_->sink.on_reset(ResetReason::kRefused, "the upstream answered before it was asked");
  }
}

void H1ClientCodec::read_head(Slice& bytes) {
  FoundHead found(HeadScan::Kind::kResponse);
  switch (heads_.read(bytes, limits_, found)) {
    case HeadScan::State::kIncomplete:
      if (begins_http2(heads_.so_far())) fail(kAnswersInHttp2);
      break;
    case HeadScan::State::kBad:
      fail(begins_http2(found.text) ? kAnswersInHttp2 : found.scan.fault().why);
      break;
    case HeadScan::State::kComplete: take_head(found, !bytes.empty()); break;
  }
}

void H1ClientCodec::take_head(const FoundHead& found, bool more_behind) {
  Arena& arena = request_->sink.arena();
  const h1::ReadResponse response = h1::read_response(arena.copy(found.text), found.scan, arena,
                                                      {request_->to_head, request_->upgrade});
  if (!response.why.empty()) return fail(response.why);
  ResponseHead& head = *response.head;
  if (!response.keep_alive) be_last();
  if (head.status < 200 && head.status != 101) {
    if (++request_->interims > kMostInterims)
      return fail("the upstream sends interim responses without end");
    request_->sink.on_interim(head);
    return;
  }
  if (response.idle_timeout > Duration(0)) peer_idle_timeout_ = response.idle_timeout;
  if (head.status == 101) {
    if (!request_->body.ended())
      return fail("the upstream switches protocols before the request's end");
    be_last();
    request_->body = BodyWriter::tunnel();
    rx_ = Rx::kTunnel;
    head.tunnel = true;
    request_->sink.on_response(head, false);
    return;
  }
  if (response.body.kind == BodyLength::Kind::kNone) {
    end_message(more_behind);
    request_->sink.on_response(head, true);
    return;
  }
  rx_ = Rx::kBody;
  request_->reader = arena.make<BodyReader>(response.body, h1::Side::kResponse, arena, limits_);
  request_->sink.on_response(head, false);
}

void H1ClientCodec::read_body(Slice& bytes) {
  Buffer data;
  BodyReader& reader = *request_->reader;
  switch (reader.read(bytes, data)) {
    case BodyReader::State::kMore:
      if (!data.empty()) request_->sink.on_data(std::move(data), false);
      return;
    case BodyReader::State::kBad: fail(reader.why()); return;
    case BodyReader::State::kEnd: break;
  }
  end_message(!bytes.empty());
  h1::deliver_end(request_, std::move(data));
}

// Before the sink hears of the end, for it may release the stream at once, and the pool may then
// open the next one.
void H1ClientCodec::end_message(bool more_behind) {
  rx_ = Rx::kEnd;
  if (!request_->body.ended() || more_behind) be_last();
}

void H1ClientCodec::fail(std::string_view why) {
  ++context_.hostile[static_cast<size_t>(Hostile::kUpstreamResponse)];
  rx_ = Rx::kClosed;
  be_last();
  request_->sink.on_reset(ResetReason::kProtocolError, why);
}

void H1ClientCodec::on_eof() {
  be_last();
  switch (rx_) {
    case Rx::kIdle: done("the upstream closed it"); break;
    case Rx::kHead: end_before_response(); break;
    case Rx::kBody:
      if (request_->reader->until_eof()) {
        end_message(false);
        request_->sink.on_data(Buffer(), true);
      } else {
        rx_ = Rx::kClosed;
        request_->sink.on_reset(ResetReason::kConnectionLost,
                                "the upstream closed the connection within its response");
      }
      break;
    case Rx::kTunnel:
      rx_ = Rx::kEnd;
      request_->sink.on_data(Buffer(), true);
      break;
    case Rx::kEnd:
    case Rx::kClosed: break;
  }
}

// An upstream whose end crossed the request on its way never had any of it: it closed the
// connection while that was idle (RFC 9112 section 9.5).
void H1ClientCodec::end_before_response() {
  rx_ = Rx::kClosed;
  ResponseSink& sink = request_->sink;
  if (heads_.begun()) {
    sink.on_reset(ResetReason::kConnectionLost,
                  "the upstream closed the connection within its response");
  } else if (!anything_heard() && transport_.unacknowledged_since(request_->begins_at)) {
    sink.on_reset(ResetReason::kRefused,
                  "the upstream closed the connection before the request got there");
  } else {
    sink.on_reset(ResetReason::kConnectionLost,
                  "the upstream closed the connection before its response");
  }
}

void H1ClientCodec::on_transport_lost(std::string_view why) {
  lose(ResetReason::kConnectionLost, why);
}

void H1ClientCodec::on_transport_refused(std::string_view why) {
  lose(ResetReason::kNotConnected, why);
}

void H1ClientCodec::lose(ResetReason reason, std::string_view why) {
  life_ = std::max(life_, Life::kLost);
  const bool whole = request_ != nullptr && rx_ == Rx::kEnd && request_->body.ended();
  rx_ = Rx::kClosed;
  if (request_ == nullptr) {
    done("it was lost");
  } else if (!whole) {
    request_->sink.on_reset(reason, why);
  }
}

void H1ClientCodec::on_transport_drained() {
  if (request_ != nullptr) request_->sink.on_writable();
}

void H1ClientCodec::begin_drain() {
  be_last();
  if (request_ == nullptr) done("it was idle and is to end");
}

void H1ClientCodec::done(const char* why) {
  if (life_ == Life::kDone) return;
  life_ = Life::kDone;
  end_why_ = why;
  rx_ = Rx::kClosed;
  connection_.on_codec_done();
}

}  // namespace woad
