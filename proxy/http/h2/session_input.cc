// H2Session: what nghttp2 reports while it parses and while it serialises.
#include <nghttp2/nghttp2.h>

#include <string>

#include "proxy/http/h2/session.h"
#include "proxy/http/validate.h"

namespace woad {
namespace {

// Heads that one connection may keep in memory.
constexpr size_t kStoredHeadBytes = 1 << 20;
// RFC 7541 section 4.1: what a field counts beside its bytes.
constexpr size_t kFieldOverhead = 32;
// A request head up to so many times the limit is read to its end, without being kept, and answered
// 431.
constexpr size_t kDrainFactor = 4;
constexpr std::string_view kOverLimits = "the headers are larger than limits.headers";

}  // namespace

H2Stream* H2Session::find(int32_t id) const {
  return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

int H2Session::begin_block(int32_t id) {
  block_ = {};
  H2Stream* stream = find(id);
  if (stream == nullptr) {
    stream = side_.on_peer_stream(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  watcher_.useful();
  block_.subject = stream;
  if (!stream->owned()) return 0;
  block_.stream = stream;
  if (stream->receiving == H2Stream::Receiving::kHead) {
    stream->begin_head();
  } else {
    Arena& arena = stream->sink->arena();
    block_.trailers = arena.make<Headers>(arena);
  }
  return 0;
}

int H2Session::take_field(std::string_view name, bool static_name, std::string_view value,
                          bool static_value) {
  H2Stream* subject = block_.subject;
  if (subject == nullptr || subject->reset_by != H2Stream::ResetBy::kNobody) return 0;
  H2Field field{name, value, header_id(name), pseudo_of(name), static_name, static_value};
  switch (subject->rules.take_field(field)) {
    case MessageRules::Verdict::kKeep: break;
    case MessageRules::Verdict::kDrop: return 0;
    case MessageRules::Verdict::kMalformed:
      reset_malformed(*subject, Hostile::kMalformedHead);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  H2Stream* stream = block_.stream;
  if (stream == nullptr) return 0;
  const size_t cost = name.size() + value.size() + kFieldOverhead;
  block_.bytes += cost;
  ++block_.fields;
  if (block_.bytes > limits_.header_bytes || block_.fields > limits_.header_count ||
      stored_head_bytes_ + cost > kStoredHeadBytes) {
    block_.over = kOverLimits;
    const bool drained = server_ && block_.trailers == nullptr &&
                         block_.bytes <= kDrainFactor * limits_.header_bytes &&
                         block_.fields <= kDrainFactor * limits_.header_count;
    if (!drained) return refuse_block(kOverLimits);
    return 0;
  }
  if (!block_.over.empty()) return 0;
  stored_head_bytes_ += cost;
  stream->head_bytes += static_cast<uint32_t>(cost);
  Arena& arena = stream->sink->arena();
  if (field.id != HeaderId::kOther) {
    field.name = header_text(field.id);
  } else if (!static_name) {
    field.name = arena.copy(name);
  }
  if (!static_value) field.value = arena.copy(value);
  if (block_.trailers == nullptr) {
    stream->add_field(field);
  } else {
    block_.trailers->add(field.name, field.value, field.id);
  }
  return 0;
}

int H2Session::refuse_block(std::string_view why) {
  H2Stream& stream = *block_.stream;
  block_.stream = nullptr;
  stream.reset_by = H2Stream::ResetBy::kFault;
  count(server_ ? Hostile::kHeadersTooLarge : Hostile::kUpstreamResponse);
  submit_reset(stream.id, NGHTTP2_ENHANCE_YOUR_CALM);
  stream.reset(ResetReason::kProtocolError, why);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

void H2Session::end_block(bool end) {
  const HeadBlock block = std::exchange(block_, {});
  if (block.subject == nullptr) return;
  if (!block.subject->rules.end_section(end)) {
    return reset_malformed(*block.subject, Hostile::kFraming);
  }
  if (block.stream == nullptr) {
    if (end) block.subject->receiving = H2Stream::Receiving::kEnded;
    return;
  }
  if (block.trailers != nullptr) return end_trailers(*block.stream, *block.trailers);
  block.stream->end_head(end, block.over);
}

// Its owner is told once nghttp2 has closed the stream.
void H2Session::reset_malformed(H2Stream& stream, Hostile kind) {
  if (stream.reset_by != H2Stream::ResetBy::kNobody) return;
  stream.reset_by = H2Stream::ResetBy::kMalformed;
  count(server_ ? kind : Hostile::kUpstreamResponse);
  submit_reset(stream.id, NGHTTP2_PROTOCOL_ERROR);
}

void H2Session::end_trailers(H2Stream& stream, Headers& trailers) {
  const bool wanted = stream.receiving == H2Stream::Receiving::kBody;
  stream.receiving = H2Stream::Receiving::kEnded;
  if (!wanted || !stream.owned()) return;
  trailers.remove_if(
      [](const Header& field) { return forbidden_in_trailers(field.name, field.id); });
  stream.sink->on_trailers(trailers);
}

void H2Session::take_data(int32_t id, std::string_view bytes, bool last_frame) {
  deliver_pending(false);
  nghttp2_session_consume_connection(session_, bytes.size());
  H2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (!stream->rules.take_data(bytes.size())) return reset_malformed(*stream, Hostile::kFraming);
  if (!bytes.empty()) watcher_.useful();
  if (stream->owner == H2Stream::Owner::kReleased) {
    if (!last_frame) drop_data(*stream);
    return;
  }
  if (!stream->owned() || stream->receiving != H2Stream::Receiving::kBody) return;
  Slice piece = input_.part(static_cast<size_t>(bytes.data() - input_.data()), bytes.size());
  if (last_frame) {
    pending_stream_ = stream;
    pending_ = std::move(piece);
  } else {
    deliver(*stream, std::move(piece), false);
  }
}

// What the window had let in when the answer went out comes to its end; beyond it there is
// something to stop.
void H2Session::drop_data(H2Stream& stream) {
  const bool more = stream.sending == H2Stream::Sending::kSent &&
                    stream.reset_by == H2Stream::ResetBy::kNobody &&
                    stream.receiving != H2Stream::Receiving::kEnded &&
                    nghttp2_session_get_stream_local_window_size(session_, stream.id) <= 0;
  if (more) stream.send_reset(NGHTTP2_NO_ERROR);
}

void H2Session::end_data(int32_t id) {
  const bool pending = pending_stream_ != nullptr && pending_stream_->id == id;
  H2Stream* stream = pending ? pending_stream_ : find(id);
  if (stream == nullptr) return;
  if (!stream->rules.may_end()) return reset_malformed(*stream, Hostile::kFraming);
  if (pending) return deliver_pending(true);
  if (stream->owned() && stream->receiving == H2Stream::Receiving::kBody) {
    return deliver(*stream, Slice(), true);
  }
  stream->receiving = H2Stream::Receiving::kEnded;
}

void H2Session::deliver_pending(bool end) {
  if (pending_stream_ == nullptr) return;
  H2Stream& stream = *std::exchange(pending_stream_, nullptr);
  deliver(stream, std::exchange(pending_, Slice()), end);
}

void H2Session::deliver(H2Stream& stream, Slice bytes, bool end) {
  if (!stream.owned() || stream.receiving != H2Stream::Receiving::kBody) return;
  const size_t size = bytes.size();
  if (end) stream.receiving = H2Stream::Receiving::kEnded;
  stream.sink->on_data(Buffer(std::move(bytes)), end);
  if (!end) stream.credit(size);
}

void H2Session::reset_received(int32_t id) {
  if (H2Stream* stream = find(id)) stream->reset_by = H2Stream::ResetBy::kPeer;
  spend_reset();
}

void H2Session::reset_sending(int32_t id) {
  const H2Stream* stream = find(id);
  if (stream == nullptr || stream->reset_by != H2Stream::ResetBy::kUs) spend_reset();
}

void H2Session::spend_reset() {
  if (!server_ || flooded_ || resets_.spend(now())) return;
  flooded_ = true;
  if (writer_ == nullptr) return;  // judged when the present input is parsed
  terminate_for(Hostile::kFlood, NGHTTP2_ENHANCE_YOUR_CALM,
                "the peer made too many streams end early");
}

void H2Session::end_sent(int32_t id) {
  H2Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->sending = H2Stream::Sending::kSent;
  if (stream->owner == H2Stream::Owner::kReleased) drop_data(*stream);
}

void H2Session::stream_closed(int32_t id, uint32_t error_code) {
  H2Stream* stream = find(id);
  if (stream == nullptr) return;
  deliver_pending(false);
  stream->closed = true;
  stream->queue.clear();
  if (stream->owes_room) room_owed_ = true;
  if (stream->owner == H2Stream::Owner::kReleased) return recycle(*stream);
  if (!stream->owned()) return;
  using By = H2Stream::ResetBy;
  const bool received = stream->receiving == H2Stream::Receiving::kEnded;
  const bool sent = stream->sending >= H2Stream::Sending::kEnded;
  const bool by_peer = stream->reset_by == By::kPeer;
  const bool by_us = stream->reset_by == By::kUs;
  // RFC 9113 section 8.1: a complete response stands, whatever becomes of the request's rest.
  if (received && !by_us && (!server_ || (sent && error_code == NGHTTP2_NO_ERROR))) return;
  const bool broken =
      stream->reset_by == By::kMalformed || (!by_peer && error_code == NGHTTP2_PROTOCOL_ERROR);
  std::string why = by_peer ? "the peer reset the stream: " : "the stream was reset: ";
  why = broken ? "the message breaks HTTP" : why + nghttp2_http2_strerror(error_code);
  ResetReason reason = ResetReason::kProtocolError;
  if (!server_ && (error_code == NGHTTP2_REFUSED_STREAM || stream->never_sent())) {
    reason = ResetReason::kRefused;
  } else if (by_peer) {
    reason = ResetReason::kCancel;
  } else if (by_us) {
    reason = ResetReason::kInternal;
  } else if (stream->reset_by == By::kNobody) {
    count(server_ ? Hostile::kFraming : Hostile::kUpstreamResponse);
  }
  stream->reset(reason, why);
}

// nghttp2 gave up within a header block. A field that is longer than it takes needs more frames
// behind the one that says so, since ours are at most 16 KiB.
std::string_view H2Session::lost_block_why() const {
  return watcher_.in_block() ? "a header field on this connection is longer than 65,536 bytes"
                             : "the header compression of the peer is broken";
}

// Tells the stream whose head or trailers they were.
void H2Session::lose_block() {
  const HeadBlock block = std::exchange(block_, {});
  if (server_ && block.trailers == nullptr && watcher_.in_block()) {
    block.stream->end_head(true, end_why_);
  } else {
    block.stream->reset(ResetReason::kProtocolError, end_why_);
  }
}

// A GOAWAY that is not terminate()'s: nghttp2's own.
int H2Session::goaway_sending(uint32_t error_code, std::string_view text) {
  if (error_code == NGHTTP2_NO_ERROR || end_reason_ == ResetReason::kProtocolError) return 0;
  const bool compression = error_code == NGHTTP2_COMPRESSION_ERROR;
  const bool long_field = compression && watcher_.in_block();
  Hostile kind = long_field ? Hostile::kHeadersTooLarge : Hostile::kProtocolError;
  if (!server_) kind = Hostile::kUpstreamResponse;
  block_.lost = compression;
  // Of a head it is counted with the request (lose_block).
  const bool counted_later =
      long_field && server_ && block_.stream != nullptr && block_.trailers == nullptr;
  if (!blamed_ && !counted_later) count(kind);
  if (!compression) {
    end_reason_ = ResetReason::kProtocolError;
    end_why_ = "the peer broke the HTTP/2 protocol";
    std::string why(end_why_);
    if (!text.empty()) why.append(": ").append(text);
    tell(kind, why);
    return 0;
  }
  // It comes without a text. Whoever runs beside the block is not to blame.
  end_why_ = lost_block_why();
  tell(kind, end_why_);
  write_goaway(error_code, end_why_);
  state_ = State::kEnding;
  return NGHTTP2_ERR_CANCEL;
}

// RFC 9113 section 6.8.
void H2Session::write_goaway(uint32_t error_code, std::string_view text) {
  constexpr uint8_t kGoaway = 7;
  const auto length = static_cast<uint32_t>(8 + text.size());
  const auto last = static_cast<uint32_t>(nghttp2_session_get_last_proc_stream_id(session_));
  const auto put = [this](uint32_t value, int bytes) {
    while (bytes > 0) {
      const auto byte = static_cast<uint8_t>(value >> 8 * --bytes);
      writer_->put(&byte, 1);
    }
  };
  put(length, 3);
  put(kGoaway, 1);
  put(0, 1);
  put(0, 4);
  put(last, 4);
  put(error_code, 4);
  writer_->put(text.data(), text.size());
}

void H2Session::invalid_frame(int32_t id) {
  blamed_ = true;
  if (H2Stream* stream = find(id)) stream->reset_by = H2Stream::ResetBy::kFault;
  count(server_ ? Hostile::kProtocolError : Hostile::kUpstreamResponse);
}

}  // namespace woad
