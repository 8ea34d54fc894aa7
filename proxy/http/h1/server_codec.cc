#include "proxy/http/h1/server_codec.h"

#include <utility>

#include "proxy/http/h1/body_reader.h"
#include "proxy/http/h1/heads.h"

namespace woad {

using h1::BodyLength;
using h1::BodyReader;
using h1::HeadScan;

H1ServerCodec::H1ServerCodec(Transport& transport, ServerConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : transport_(transport),
      connection_(connection),
      context_(context),
      limits_(limits),
      timer_(context.scheduler.timers(), bind_timer<&H1ServerCodec::on_timer>(this)) {
  await(limits_.idle_timeout);
}

void H1ServerCodec::on_bytes(Slice bytes) {
  if (rx_ == Rx::kDiscard) return;
  if (!pending_.empty()) {
    queue(std::move(bytes));
  } else {
    process(std::move(bytes));
  }
}

void H1ServerCodec::process(Slice bytes) {
  in_input_ = true;
  while (!bytes.empty() && rx_ != Rx::kDiscard) {
    switch (rx_) {
      case Rx::kHead: read_head(bytes); break;
      case Rx::kBody: read_body(bytes); break;
      case Rx::kTunnel: {
        Buffer data;
        data.append(std::exchange(bytes, Slice()));
        sink_->on_data(std::move(data), false);
        break;
      }
      case Rx::kEnd:
      case Rx::kUpgrade: queue(std::exchange(bytes, Slice())); break;
      case Rx::kDiscard: break;
    }
  }
  in_input_ = false;
}

void H1ServerCodec::queue(Slice bytes) {
  pending_.append(std::move(bytes));
  hold_pipeline(true);
}

void H1ServerCodec::hold_pipeline(bool on) {
  if (pipeline_held_ == on || lost_) return;
  pipeline_held_ = on;
  transport_.hold_reading(Hold::kPipeline, on);
}

// RFC 9112 section 2.2 lets a server skip an empty line before the request line; one is enough.
// True when `bytes` may hold something to scan.
bool H1ServerCodec::skip_blank_line(Slice& bytes) {
  constexpr std::string_view kBlank = "\r\n";
  if (blank_skipped_ || bytes.data()[0] != '\r') return true;
  if (bytes.view().substr(0, kBlank.size()) != kBlank) return true;
  bytes.remove_prefix(kBlank.size());
  blank_skipped_ = true;
  return !bytes.empty();
}

void H1ServerCodec::read_head(Slice& bytes) {
  const bool fresh = partial_.empty();
  if (fresh && !skip_blank_line(bytes)) return;
  const size_t before = partial_.size();
  if (!fresh) {
    partial_.append(bytes.view());
    if (!blank_skipped_ && partial_.starts_with("\r\n")) {  // the empty line came in pieces
      partial_.clear();
      blank_skipped_ = true;
      scan_.reset();
      bytes.remove_prefix(2 - before);
      return;
    }
  }
  const std::string_view text = fresh ? bytes.view() : std::string_view(partial_);
  switch (scan_.scan(text, limits_)) {
    case HeadScan::State::kIncomplete:
      if (fresh) {
        partial_.assign(text);
        await(limits_.header_timeout);
      }
      bytes = Slice();
      break;
    case HeadScan::State::kBad: refuse_head(text, scan_.fault()); break;
    case HeadScan::State::kComplete: {
      const size_t size = scan_.size();
      // The bytes stay where they are, whether the slice's block or this string holds them.
      const std::string gathered = std::exchange(partial_, std::string());
      const char* const head = fresh ? bytes.data() : gathered.data();
      bytes.remove_prefix(size - before);
      take_head({head, size});
      break;
    }
  }
}

void H1ServerCodec::take_head(std::string_view bytes) {
  sink_ = &connection_.on_stream(*this);
  Arena& arena = sink_->arena();
  h1::ReadRequest request = h1::read_request(arena.copy(bytes), scan_, arena, limits_);
  scan_.reset();
  blank_skipped_ = false;
  tx_ = Tx::kHead;
  http10_ = request.head->protocol == Protocol::kHttp10;
  to_head_ = request.head->method == Method::kHead;
  if (request.refusal.has_value()) {
    refuse(*request.head, std::move(*request.refusal));
    return;
  }
  keep_alive_ = request.keep_alive;
  upgrade_asked_ = !request.head->upgrade.empty();
  const bool end = request.body.kind == BodyLength::Kind::kNone && !upgrade_asked_;
  if (end) {
    rx_ = Rx::kEnd;
  } else if (upgrade_asked_) {
    rx_ = Rx::kUpgrade;
  } else {
    rx_ = Rx::kBody;
    reader_ = arena.make<BodyReader>(request.body, h1::Side::kRequest, arena, limits_);
  }
  sink_->on_request(*request.head, end || upgrade_asked_);
}

void H1ServerCodec::refuse_head(std::string_view bytes, const h1::Fault& fault) {
  sink_ = &connection_.on_stream(*this);
  tx_ = Tx::kHead;
  RequestHead& head = h1::read_refused_request(bytes, scan_, sink_->arena());
  http10_ = head.protocol == Protocol::kHttp10;
  to_head_ = head.method == Method::kHead;
  partial_ = std::string();
  refuse(head, woad::refuse(fault.kind, fault.code, fault.status, fault.why));
}

void H1ServerCodec::refuse(RequestHead& head, Refusal refusal) {
  ++context_.hostile[static_cast<size_t>(refusal.kind)];
  rx_ = Rx::kDiscard;
  keep_alive_ = false;
  sink_->on_bad_request(head, std::move(refusal.reply));
}

void H1ServerCodec::read_body(Slice& bytes) {
  Buffer data;
  switch (reader_->read(bytes, data)) {
    case BodyReader::State::kMore:
      if (!data.empty()) sink_->on_data(std::move(data), false);
      break;
    case BodyReader::State::kEnd:
      rx_ = Rx::kEnd;
      deliver_end(std::move(data));
      break;
    case BodyReader::State::kBad:
      ++context_.hostile[static_cast<size_t>(Hostile::kFraming)];
      rx_ = Rx::kDiscard;
      keep_alive_ = false;
      sink_->on_bad_body(
          woad::refuse(Hostile::kFraming, ErrorCode::kBadRequest, 400, reader_->why()).reply);
      break;
  }
}

void H1ServerCodec::deliver_end(Buffer&& data) {
  Headers* const trailers = std::exchange(reader_, nullptr)->trailers();
  if (trailers == nullptr) {
    sink_->on_data(std::move(data), true);
    return;
  }
  if (!data.empty()) sink_->on_data(std::move(data), false);
  if (sink_ != nullptr) sink_->on_trailers(*trailers);
}

void H1ServerCodec::on_turn_end() {
  if (done_ || rx_ == Rx::kDiscard || rx_ == Rx::kUpgrade) return;
  if (rx_ == Rx::kEnd && sink_ != nullptr) return;
  Buffer waiting = std::exchange(pending_, Buffer());
  while (!waiting.empty() && pending_.empty() && rx_ != Rx::kDiscard) {
    process(waiting.take_front());
  }
  if (done_) return;
  if (rx_ == Rx::kDiscard) waiting.clear();
  if (!waiting.empty()) pending_.append(std::move(waiting));
  hold_pipeline(!pending_.empty());
  if (eof_ && pending_.empty()) on_eof();
}

void H1ServerCodec::on_eof() {
  eof_ = true;
  if (!pending_.empty()) return;
  switch (rx_) {
    case Rx::kHead: done("the client closed it"); break;
    case Rx::kBody:
      rx_ = Rx::kDiscard;
      keep_alive_ = false;
      sink_->on_reset(ResetReason::kConnectionLost,
                      "the client closed the connection before the end of its request");
      break;
    case Rx::kTunnel:
      rx_ = Rx::kEnd;
      sink_->on_data(Buffer(), true);
      break;
    default: break;
  }
}

void H1ServerCodec::on_transport_lost(std::string_view why) {
  lost_ = true;
  rx_ = Rx::kDiscard;
  keep_alive_ = false;
  if (sink_ != nullptr) {
    sink_->on_reset(ResetReason::kConnectionLost, why);
  } else {
    done("it was lost");
  }
}

void H1ServerCodec::on_transport_drained() {
  if (sink_ != nullptr) sink_->on_writable();
}

bool H1ServerCodec::idle() const {
  return sink_ == nullptr && rx_ == Rx::kHead && partial_.empty() && pending_.empty();
}

void H1ServerCodec::begin_drain() {
  draining_ = true;
  if (idle()) done("it was idle and is to end");
}

void H1ServerCodec::set_limits(const HttpLimits& limits) {
  limits_ = limits;
  if (idle()) await(limits_.idle_timeout);
}

void H1ServerCodec::await(Duration limit) {
  deadline_ = context_.scheduler.now() + limit;
  timer_.arm(limit);
}

void H1ServerCodec::on_timer() {
  if (done_ || rx_ != Rx::kHead || sink_ != nullptr || !pending_.empty()) return;
  const MonoTime now = context_.scheduler.now();
  if (now < deadline_) {
    timer_.arm(deadline_ - now);
  } else if (partial_.empty()) {
    done("nothing came within limits.idle_timeout");
  } else {
    refuse_head(partial_, {Hostile::kHeaderTimeout, ErrorCode::kBadRequest, 408,
                           "the request's head did not arrive within limits.header_timeout"});
  }
}

void H1ServerCodec::next_request() {
  rx_ = Rx::kHead;
  if (!pending_.empty() || eof_) {
    if (!in_input_) context_.scheduler.at_turn_end(*this);
    return;
  }
  deadline_ = context_.scheduler.now() + limits_.idle_timeout;
  if (!timer_.armed()) timer_.arm(limits_.idle_timeout);
}

void H1ServerCodec::done(const char* why) {
  if (done_) return;
  done_ = why;
  rx_ = Rx::kDiscard;
  timer_.disarm();
  unlink();
  connection_.on_codec_done();
}

}  // namespace woad
