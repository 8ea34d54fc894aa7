#include "proxy/http/h1/client_codec.h"

#include <utility>

#include "proxy/http/h1/body_reader.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/h1/heads.h"
#include "proxy/http/h1/serializer.h"

namespace woad {

using h1::BodyLength;
using h1::BodyReader;
using h1::HeadScan;

namespace {

// Methods for which a missing body is worth a Content-Length (RFC 9110 section 8.6).
bool expects_content(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

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
  sink_ = &sink;
  tx_ = Tx::kHead;
  rx_ = Rx::kHead;
  interims_ = 0;
  unlink();  // of an earlier stream, in this very turn
  sent_ = false;
  upgrade_ = {};
  return *this;
}

void H1ClientCodec::write_head(const RequestHead& head, bool end) {
  WOAD_ASSERT(tx_ == Tx::kHead);
  if (!can_write()) return;
  to_head_ = head.method == Method::kHead;
  upgrade_ = head.upgrade;
  h1::HeadExtras extras;
  chunked_ = !end && !head.content_length.has_value();
  if (chunked_) {
    extras.chunked = true;
  } else if (head.content_length.has_value() || expects_content(head.method)) {
    extras.content_length = head.content_length.value_or(0);
  }
  unwritten_ = extras.content_length.value_or(0);
  extras.te_trailers = head.te_trailers;
  extras.expect_continue = head.expects_continue && !end;
  extras.upgrade = head.upgrade;
  extras.connection = connection_value(head.te_trailers, !head.upgrade.empty());
  h1::write_request_head(transport_.output(), context_.blocks, head, extras);
  transport_.wrote();
  context_.scheduler.at_turn_end(*this);
  tx_ = end ? Tx::kEnd : Tx::kBody;
  if (end && unwritten_ > 0) reusable_ = false;
}

void H1ClientCodec::write_data(Buffer&& data, bool end) {
  if (!can_write()) return;
  Buffer& out = transport_.output();
  if (tx_ == Tx::kTunnel) {
    h1::write_content(out, context_.blocks, std::move(data));
    transport_.wrote();
    if (!end) return;
    tx_ = Tx::kEnd;
    transport_.shutdown_write();
    return;
  }
  if (tx_ != Tx::kBody) return;
  if (chunked_) {
    h1::write_chunk(out, context_.blocks, std::move(data));
    if (end) h1::write_last_chunk(out, context_.blocks);
  } else {
    if (data.size() > unwritten_) {  // never more than was declared
      data = data.take(static_cast<size_t>(unwritten_));
      reusable_ = false;
    }
    unwritten_ -= data.size();
    h1::write_content(out, context_.blocks, std::move(data));
  }
  transport_.wrote();
  if (!end) return;
  tx_ = Tx::kEnd;
  if (!chunked_ && unwritten_ > 0) reusable_ = false;
}

void H1ClientCodec::write_trailers(const Headers& trailers) {
  if (tx_ != Tx::kBody || !chunked_) {
    write_data(Buffer(), true);
    return;
  }
  if (!can_write()) return;
  h1::write_last_chunk(transport_.output(), context_.blocks, trailers);
  transport_.wrote();
  tx_ = Tx::kEnd;
}

void H1ClientCodec::hold_reading(bool on) {
  if (held_ == on || lost_ || done_) return;
  held_ = on;
  transport_.hold_reading(Hold::kStream, on);
}

void H1ClientCodec::release(ResetReason) {
  WOAD_ASSERT(sink_ != nullptr);
  hold_reading(false);
  sink_ = nullptr;
  reader_ = nullptr;
  upgrade_ = {};
  const bool ended = tx_ == Tx::kEnd && rx_ == Rx::kEnd;
  // Opened and left before anything was written: the connection is as good as new.
  const bool unused = tx_ == Tx::kHead && rx_ == Rx::kHead && partial_.empty();
  if (done_) return;
  if (reusable_ && (ended || unused)) {
    tx_ = Tx::kIdle;
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
        if (tx_ == Tx::kHead) return unsolicited();
        read_head(bytes);
        break;
      case Rx::kBody: read_body(bytes); break;
      case Rx::kTunnel: {
        Buffer data;
        data.append(std::exchange(bytes, Slice()));
        sink_->on_data(std::move(data), false);
        break;
      }
      case Rx::kIdle:
      case Rx::kEnd: return unsolicited();
      case Rx::kClosed: return;
    }
  }
}

void H1ClientCodec::unsolicited() {
  reusable_ = false;
  ++context_.hostile[static_cast<size_t>(Hostile::kUpstreamResponse)];
  if (sink_ == nullptr) {
    done("the upstream spoke without being asked");
  } else if (rx_ == Rx::kHead) {
    rx_ = Rx::kClosed;
    sink_->on_reset(ResetReason::kRefused, "the upstream answered before it was asked");
  }
}

void H1ClientCodec::read_head(Slice& bytes) {
  const bool fresh = partial_.empty();
  const size_t before = partial_.size();
  if (!fresh) partial_.append(bytes.view());
  const std::string_view text = fresh ? bytes.view() : std::string_view(partial_);
  if (begins_http2(text)) return fail(kAnswersInHttp2);
  switch (scan_.scan(text, limits_)) {
    case HeadScan::State::kIncomplete:
      if (fresh) partial_.assign(text);
      bytes = Slice();
      break;
    case HeadScan::State::kBad: fail(scan_.fault().why); break;
    case HeadScan::State::kComplete: {
      const size_t size = scan_.size();
      // The bytes stay where they are, whether the slice's block or this string holds them.
      const std::string gathered = std::exchange(partial_, std::string());
      const char* const head = fresh ? bytes.data() : gathered.data();
      bytes.remove_prefix(size - before);
      take_head({head, size}, !bytes.empty());
      break;
    }
  }
}

void H1ClientCodec::take_head(std::string_view bytes, bool more_behind) {
  Arena& arena = sink_->arena();
  const h1::ReadResponse response =
      h1::read_response(arena.copy(bytes), scan_, arena, {to_head_, upgrade_});
  scan_.reset();
  if (!response.why.empty()) return fail(response.why);
  ResponseHead& head = *response.head;
  if (!response.keep_alive) reusable_ = false;
  if (head.status < 200 && head.status != 101) {
    if (++interims_ > kMostInterims)
      return fail("the upstream sends interim responses without end");
    sink_->on_interim(head);
    return;
  }
  if (response.idle_timeout > Duration(0)) peer_idle_timeout_ = response.idle_timeout;
  if (head.status == 101) {
    if (tx_ != Tx::kEnd) return fail("the upstream switches protocols before the request's end");
    reusable_ = false;
    tx_ = Tx::kTunnel;
    rx_ = Rx::kTunnel;
    sink_->on_response(head, false);
    return;
  }
  if (response.body.kind == BodyLength::Kind::kNone) {
    end_message(more_behind);
    sink_->on_response(head, true);
    return;
  }
  rx_ = Rx::kBody;
  reader_ = arena.make<BodyReader>(response.body, h1::Side::kResponse, arena, limits_);
  sink_->on_response(head, false);
}

void H1ClientCodec::read_body(Slice& bytes) {
  Buffer data;
  switch (reader_->read(bytes, data)) {
    case BodyReader::State::kMore:
      if (!data.empty()) sink_->on_data(std::move(data), false);
      return;
    case BodyReader::State::kBad: fail(reader_->why()); return;
    case BodyReader::State::kEnd: break;
  }
  end_message(!bytes.empty());
  Headers* const trailers = std::exchange(reader_, nullptr)->trailers();
  if (trailers == nullptr) {
    sink_->on_data(std::move(data), true);
    return;
  }
  if (!data.empty()) sink_->on_data(std::move(data), false);
  if (sink_ != nullptr) sink_->on_trailers(*trailers);
}

// Before the sink hears of the end, for it may release the stream at once, and the pool may then
// open the next one.
void H1ClientCodec::end_message(bool more_behind) {
  rx_ = Rx::kEnd;
  if (tx_ != Tx::kEnd || more_behind) reusable_ = false;
}

void H1ClientCodec::fail(std::string_view why) {
  ++context_.hostile[static_cast<size_t>(Hostile::kUpstreamResponse)];
  rx_ = Rx::kClosed;
  reusable_ = false;
  partial_ = std::string();
  sink_->on_reset(ResetReason::kProtocolError, why);
}

void H1ClientCodec::on_eof() {
  reusable_ = false;
  switch (rx_) {
    case Rx::kIdle: done("the upstream closed it"); break;
    case Rx::kHead:
      rx_ = Rx::kClosed;
      sink_->on_reset(ResetReason::kConnectionLost,
                      partial_.empty() ? "the upstream closed the connection before its response"
                                       : "the upstream closed the connection within its response");
      break;
    case Rx::kBody:
      if (reader_->until_eof()) {
        end_message(false);
        sink_->on_data(Buffer(), true);
      } else {
        rx_ = Rx::kClosed;
        sink_->on_reset(ResetReason::kConnectionLost,
                        "the upstream closed the connection within its response");
      }
      break;
    case Rx::kTunnel:
      rx_ = Rx::kEnd;
      sink_->on_data(Buffer(), true);
      break;
    case Rx::kEnd:
    case Rx::kClosed: break;
  }
}

void H1ClientCodec::on_transport_lost(std::string_view why) {
  lose(ResetReason::kConnectionLost, why);
}

void H1ClientCodec::on_transport_refused(std::string_view why) {
  lose(ResetReason::kNotConnected, why);
}

void H1ClientCodec::lose(ResetReason reason, std::string_view why) {
  lost_ = true;
  reusable_ = false;
  const bool whole = rx_ == Rx::kEnd && tx_ == Tx::kEnd;
  rx_ = Rx::kClosed;
  if (sink_ == nullptr) {
    done("it was lost");
  } else if (!whole) {
    sink_->on_reset(reason, why);
  }
}

void H1ClientCodec::on_transport_drained() {
  if (sink_ != nullptr) sink_->on_writable();
}

void H1ClientCodec::begin_drain() {
  reusable_ = false;
  if (sink_ == nullptr) done("it was idle and is to end");
}

void H1ClientCodec::done(const char* why) {
  if (done_) return;
  done_ = why;
  rx_ = Rx::kClosed;
  connection_.on_codec_done();
}

}  // namespace woad
