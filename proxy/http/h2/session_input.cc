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

}  // namespace

H2Stream* H2Session::find(int32_t id) const {
  return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

int H2Session::begin_block(int32_t id) {
  block_ = {};
  H2Stream* stream = find(id);
  if (stream == nullptr) {
    stream = on_peer_stream(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  watcher_.useful();
  if (!stream->owned()) return 0;
  block_.stream = stream;
  if (stream->receiving == H2Stream::Receiving::kHead) {
    on_head_begin(*stream);
  } else {
    Arena& arena = stream->sink->arena();
    block_.trailers = arena.make<Headers>(arena);
  }
  return 0;
}

int H2Session::take_field(std::string_view name, bool static_name, std::string_view value,
                          bool static_value) {
  H2Stream* stream = block_.stream;
  if (stream == nullptr) return 0;
  const size_t cost = name.size() + value.size() + kFieldOverhead;
  block_.bytes += cost;
  ++block_.fields;
  if (block_.bytes > limits_.header_bytes || block_.fields > limits_.header_count ||
      stored_head_bytes_ + cost > kStoredHeadBytes) {
    block_.over = true;
    const bool drained = server_ && block_.trailers == nullptr &&
                         block_.bytes <= kDrainFactor * limits_.header_bytes &&
                         block_.fields <= kDrainFactor * limits_.header_count;
    if (!drained) return refuse_block("the headers are larger than limits.headers");
    return 0;
  }
  if (block_.over) return 0;
  stored_head_bytes_ += cost;
  stream->head_bytes += static_cast<uint32_t>(cost);
  Arena& arena = stream->sink->arena();
  const std::string_view kept_name = static_name ? name : arena.copy(name);
  const std::string_view kept_value = static_value ? value : arena.copy(value);
  if (block_.trailers == nullptr) {
    on_head_field(*stream, kept_name, kept_value);
  } else {
    block_.trailers->add(kept_name, kept_value);
  }
  return 0;
}

int H2Session::refuse_block(std::string_view why) {
  H2Stream& stream = *block_.stream;
  block_.stream = nullptr;
  stream.blamed = true;
  count(server_ ? Hostile::kHeadersTooLarge : Hostile::kUpstreamResponse);
  submit_reset(stream.id, NGHTTP2_ENHANCE_YOUR_CALM);
  stream.reset(ResetReason::kProtocolError, why);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

void H2Session::end_block(int32_t id, bool end) {
  const HeadBlock block = block_;
  block_ = {};
  if (block.stream == nullptr) {
    H2Stream* stream = find(id);
    if (stream != nullptr && end) stream->receiving = H2Stream::Receiving::kEnded;
    return;
  }
  if (block.trailers != nullptr) return end_trailers(*block.stream, *block.trailers);
  on_head_end(*block.stream, end, block.over);
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
  if (!bytes.empty()) watcher_.useful();
  if (!stream->owned() || stream->receiving != H2Stream::Receiving::kBody) return;
  Slice piece = input_.part(static_cast<size_t>(bytes.data() - input_.data()), bytes.size());
  if (last_frame) {
    pending_stream_ = stream;
    pending_ = std::move(piece);
  } else {
    deliver(*stream, std::move(piece), false);
  }
}

void H2Session::end_data(int32_t id) {
  if (pending_stream_ != nullptr && pending_stream_->id == id) return deliver_pending(true);
  H2Stream* stream = find(id);
  if (stream == nullptr) return;
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
  Buffer data;
  data.append(std::move(bytes));
  if (end) stream.receiving = H2Stream::Receiving::kEnded;
  stream.sink->on_data(std::move(data), end);
  if (!end) stream.credit(size);
}

void H2Session::reset_received(int32_t id) {
  if (H2Stream* stream = find(id)) stream->peer_reset = true;
  spend_reset();
}

void H2Session::reset_sending(int32_t id) {
  const H2Stream* stream = find(id);
  if (stream == nullptr || !stream->own_reset) spend_reset();
}

void H2Session::spend_reset() {
  if (!server_ || flooded_ || resets_.spend(now())) return;
  flooded_ = true;
  if (writer_ == nullptr) return;  // judged when the present input is parsed
  count(Hostile::kFlood);
  terminate(NGHTTP2_ENHANCE_YOUR_CALM, "the peer made too many streams end early");
}

void H2Session::end_sent(int32_t id) {
  H2Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->sending = H2Stream::Sending::kSent;
  const bool unread = stream->receiving != H2Stream::Receiving::kEnded;
  if (server_ && unread && stream->owner == H2Stream::Owner::kReleased) {
    stream->send_reset(NGHTTP2_NO_ERROR);  // RFC 9113 section 8.1
  }
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
  const bool received = stream->receiving == H2Stream::Receiving::kEnded;
  const bool sent = stream->sending >= H2Stream::Sending::kEnded;
  // RFC 9113 section 8.1: a complete response stands, whatever becomes of the request's rest.
  if (received && !stream->own_reset && (!server_ || (sent && error_code == NGHTTP2_NO_ERROR))) {
    return;
  }
  std::string why = stream->peer_reset ? "the peer reset the stream: " : "the stream was reset: ";
  why += nghttp2_http2_strerror(error_code);
  ResetReason reason = ResetReason::kProtocolError;
  if (!server_ && (error_code == NGHTTP2_REFUSED_STREAM || never_sent(*stream))) {
    reason = ResetReason::kRefused;
  } else if (stream->peer_reset) {
    reason = ResetReason::kCancel;
  } else if (stream->own_reset) {
    reason = ResetReason::kInternal;
  } else if (!stream->blamed) {
    count(server_ ? Hostile::kFraming : Hostile::kUpstreamResponse);
  }
  stream->reset(reason, why);
}

void H2Session::goaway_sending(uint32_t error_code) {
  if (error_code == NGHTTP2_NO_ERROR) return;
  if (!blamed_) count(server_ ? Hostile::kProtocolError : Hostile::kUpstreamResponse);
  if (end_reason_ == ResetReason::kProtocolError) return;
  end_reason_ = ResetReason::kProtocolError;
  end_why_ = "the peer broke the HTTP/2 protocol";
}

void H2Session::invalid_frame(int32_t id, int error) {
  blamed_ = true;
  if (H2Stream* stream = find(id)) stream->blamed = true;
  if (!server_) return count(Hostile::kUpstreamResponse);
  switch (error) {
    case NGHTTP2_ERR_HTTP_HEADER: return count(Hostile::kMalformedHead);
    case NGHTTP2_ERR_HTTP_MESSAGING: return count(Hostile::kFraming);
    default: return count(Hostile::kProtocolError);
  }
}

}  // namespace woad
