#include "proxy/http/h1/server_codec.h"

#include <algorithm>
#include <utility>

#include "proxy/http/h1/body_reader.h"
#include "proxy/http/h1/heads.h"

namespace woad {

using h1::BodyLength;
using h1::BodyReader;
using h1::FoundHead;
using h1::HeadScan;

H1ServerCodec::H1ServerCodec(Transport& transport, ServerConnection& connection,
                             const CodecContext& context, const HttpLimits& limits)
    : transport_(transport),
      connection_(connection),
      context_(context),
      limits_(limits),
      timer_(context.scheduler.timers(), bind_timer<&H1ServerCodec::on_timer>(this)) {
  await_request();
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
      case Rx::kTunnel: request_->sink.on_data(Buffer(std::exchange(bytes, Slice())), false); break;
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
  if (!gone()) transport_.hold_reading(Hold::kPipeline, on);
}

void H1ServerCodec::read_head(Slice& bytes) {
  FoundHead found(HeadScan::Kind::kRequest);
  const bool begun = heads_.begun();
  switch (heads_.read(bytes, limits_, found)) {
    case HeadScan::State::kIncomplete:
      if (!begun && heads_.begun()) await_head();
      break;
    case HeadScan::State::kBad: refuse_head(found, found.scan.fault()); break;
    case HeadScan::State::kComplete: take_head(found); break;
  }
}

void H1ServerCodec::take_head(const FoundHead& found) {
  RequestSink& sink = connection_.on_stream(*this);
  Arena& arena = sink.arena();
  h1::ReadRequest request = h1::read_request(arena.copy(found.text), found.scan, arena, limits_);
  RequestHead& head = *request.head;
  request_ = arena.make<Request>(sink, head);
  if (request.refusal.has_value()) {
    refuse(head, std::move(*request.refusal));
    return;
  }
  request_->keep_alive = request.keep_alive;
  const bool upgrade = !head.upgrade.empty();
  request_->wants_tunnel = upgrade || head.method == Method::kConnect;
  const bool bodiless = request.body.kind == BodyLength::Kind::kNone;
  if (request_->wants_tunnel) {
    rx_ = Rx::kUpgrade;
  } else if (bodiless) {
    rx_ = Rx::kEnd;
  } else {
    rx_ = Rx::kBody;
    request_->reader = arena.make<BodyReader>(request.body, h1::Side::kRequest, arena, limits_);
  }
  sink.on_request(head, upgrade || rx_ == Rx::kEnd);
}

void H1ServerCodec::refuse_head(const FoundHead& found, const h1::Fault& fault) {
  RequestSink& sink = connection_.on_stream(*this);
  RequestHead& head = h1::read_refused_request(found.text, found.scan, sink.arena());
  request_ = sink.arena().make<Request>(sink, head);
  refuse(head, woad::refuse(fault.kind, fault.code, fault.status, fault.why));
}

void H1ServerCodec::refuse(RequestHead& head, Refusal refusal) {
  ++context_.hostile[static_cast<size_t>(refusal.kind)];
  stop_reading();
  request_->sink.on_bad_request(head, std::move(refusal.reply));
}

void H1ServerCodec::stop_reading() {
  rx_ = Rx::kDiscard;
  if (request_ != nullptr) request_->keep_alive = false;
}

void H1ServerCodec::read_body(Slice& bytes) {
  Buffer data;
  BodyReader& reader = *request_->reader;
  switch (reader.read(bytes, data)) {
    case BodyReader::State::kMore:
      if (!data.empty()) request_->sink.on_data(std::move(data), false);
      break;
    case BodyReader::State::kEnd:
      rx_ = Rx::kEnd;
      h1::deliver_end(request_, std::move(data));
      break;
    case BodyReader::State::kBad:
      ++context_.hostile[static_cast<size_t>(Hostile::kFraming)];
      stop_reading();
      request_->sink.on_bad_body(
          woad::refuse(Hostile::kFraming, ErrorCode::kBadRequest, 400, reader.why()).reply);
      break;
  }
}

void H1ServerCodec::on_turn_end() {
  if (life_ == Life::kDone || rx_ == Rx::kDiscard || rx_ == Rx::kUpgrade) return;
  if (rx_ == Rx::kEnd && request_ != nullptr) return;
  Buffer waiting = std::exchange(pending_, Buffer());
  while (!waiting.empty() && pending_.empty() && rx_ != Rx::kDiscard) {
    process(waiting.take_front());
  }
  if (life_ == Life::kDone) return;
  if (rx_ == Rx::kDiscard) waiting.clear();
  if (!waiting.empty()) pending_.append(std::move(waiting));
  hold_pipeline(!pending_.empty());
  if (life_ == Life::kHalfClosed) on_eof();
}

void H1ServerCodec::on_eof() {
  life_ = std::max(life_, Life::kHalfClosed);
  if (!pending_.empty()) return;
  switch (rx_) {
    case Rx::kHead: done("the client closed it"); break;
    case Rx::kBody:
      stop_reading();
      request_->sink.on_reset(ResetReason::kConnectionLost,
                              "the client closed the connection before the end of its request");
      break;
    case Rx::kTunnel:
      rx_ = Rx::kEnd;
      request_->sink.on_data(Buffer(), true);
      break;
    default: break;
  }
}

void H1ServerCodec::on_transport_lost(std::string_view why) {
  life_ = std::max(life_, Life::kLost);
  stop_reading();
  if (request_ != nullptr) {
    request_->sink.on_reset(ResetReason::kConnectionLost, why);
  } else {
    done("it was lost");
  }
}

void H1ServerCodec::on_transport_drained() {
  if (request_ != nullptr) request_->sink.on_writable();
}

bool H1ServerCodec::idle() const {
  return request_ == nullptr && rx_ == Rx::kHead && !heads_.begun() && pending_.empty();
}

void H1ServerCodec::begin_drain() {
  life_ = std::max(life_, Life::kDraining);
  if (idle()) done("it was idle and is to end");
}

void H1ServerCodec::set_limits(const HttpLimits& limits) {
  limits_ = limits;
  if (!idle()) return;
  timer_.disarm();
  await_request();
}

void H1ServerCodec::await_head() {
  deadline_ = context_.scheduler.now() + limits_.header_timeout;
  timer_.arm(limits_.header_timeout);
}

void H1ServerCodec::await_request() {
  deadline_ = context_.scheduler.now() + limits_.idle_timeout;
  if (!timer_.armed()) timer_.arm(std::min(ServerConnection::kQuiet, limits_.idle_timeout));
}

void H1ServerCodec::on_timer() {
  if (life_ == Life::kDone || rx_ != Rx::kHead || request_ != nullptr || !pending_.empty()) return;
  const Duration left = deadline_ - context_.scheduler.now();
  const Duration quiet = limits_.idle_timeout - left;
  const bool idle = !heads_.begun();
  if (left > Duration(0) && idle && quiet < ServerConnection::kQuiet) {
    timer_.arm(std::min(ServerConnection::kQuiet - quiet, left));
  } else if (left > Duration(0)) {
    timer_.arm(left);
    if (idle) connection_.on_quiet(deadline_);
  } else if (idle) {
    done("nothing came within limits.idle_timeout");
  } else {
    FoundHead found(HeadScan::Kind::kRequest);
    heads_.take_partial(found);
    refuse_head(found, {Hostile::kHeaderTimeout, ErrorCode::kBadRequest, 408,
                        "the request's head did not arrive within limits.header_timeout"});
  }
}

void H1ServerCodec::next_request() {
  rx_ = Rx::kHead;
  if (!pending_.empty() || life_ == Life::kHalfClosed) {
    if (!in_input_) context_.scheduler.at_turn_end(*this);
    return;
  }
  await_request();
}

void H1ServerCodec::done(const char* why) {
  if (life_ == Life::kDone) return;
  life_ = Life::kDone;
  end_why_ = why;
  rx_ = Rx::kDiscard;
  timer_.disarm();
  unlink();
  connection_.on_codec_done();
}

}  // namespace woad
