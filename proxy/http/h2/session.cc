#include "proxy/http/h2/session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "proxy/http/h2/nghttp2_glue.h"

namespace woad {
namespace {

// Serialising stops while this much waits in the transport.
constexpr size_t kBacklogLimit = 256 * 1024;
constexpr int32_t kConnectionWindow = 1 << 20;
// How long a peer may take nothing of what we write.
constexpr Duration kStallTimeout = seconds(30);

// How many streams' worth of resets a peer may save up, in seconds of limits.resets_per_second.
constexpr uint32_t kResetBurstSeconds = 2;

constexpr std::string_view kBroken = "the peer broke the HTTP/2 protocol";

int32_t window_of(const HttpLimits& limits) {
  return static_cast<int32_t>(std::min<size_t>(limits.buffer, INT32_MAX));
}

}  // namespace

H2Session::H2Session(Transport& transport, const CodecContext& context, const HttpLimits& limits,
                     H2Side& side, bool server)
    : transport_(transport),
      context_(context),
      limits_(limits),
      side_(side),
      server_(server),
      received_at_(context.scheduler.now()),
      watcher_(server, context.scheduler.now()),
      resets_(kResetBurstSeconds * limits.resets_per_second, limits.resets_per_second,
              context.scheduler.now()),
      head_timer_(context.scheduler.timers(), bind_timer<&H2Session::on_head_timeout>(this)),
      stall_timer_(context.scheduler.timers(), bind_timer<&H2Session::on_stalled>(this)),
      sweep_timer_(context.scheduler.timers(), bind_timer<&H2Session::on_sweep>(this)) {
  session_ = new_nghttp2_session(*this, context.blocks.pieces(), server);
  transport_.set_high_water(kBacklogLimit);
  announce_settings();
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        std::max(kConnectionWindow, window_of(limits)));
  if (server) head_timer_.arm(limits_.header_timeout);
  want_flush();
}

H2Session::~H2Session() {
  while (!streams_.empty()) delete &streams_.pop_front();
  nghttp2_session_del(session_);
}

void H2Session::announce_settings() {
  const auto head = static_cast<uint32_t>(std::min<size_t>(limits_.header_bytes, INT32_MAX));
  const auto window = static_cast<uint32_t>(window_of(limits_));
  const nghttp2_settings_entry server[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  const nghttp2_settings_entry client[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                           {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
                                           {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, server_ ? server : client,
                          server_ ? std::size(server) : std::size(client));
}

void H2Session::apply_limits(const HttpLimits& limits) {
  const bool announce = limits.buffer != limits_.buffer ||
                        limits.header_bytes != limits_.header_bytes ||
                        limits.concurrent_streams != limits_.concurrent_streams;
  limits_ = limits;
  resets_.change(kResetBurstSeconds * limits.resets_per_second, limits.resets_per_second);
  if (!announce || !open()) return;
  announce_settings();
  want_flush();
}

void H2Session::receive(Slice bytes) {
  if (!open()) return;
  received_any_ = true;
  blamed_ = false;
  received_at_ = now();
  input_ = std::move(bytes);
  const FrameWatcher::Look look = watcher_.look(input_.view(), received_at_);
  const auto result = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(input_.data()), look.good);
  deliver_pending(false);
  input_ = Slice();
  if (result < 0) {
    if (result == NGHTTP2_ERR_FLOODED) {
      judge_input(FrameWatcher::Verdict::kFlood);
    } else {
      terminate_for(server_ ? Hostile::kProtocolError : Hostile::kUpstreamResponse,
                    NGHTTP2_PROTOCOL_ERROR, kBroken);
    }
  } else if (flooded_) {
    judge_input(FrameWatcher::Verdict::kFlood);
  } else {
    judge_input(look.verdict);
  }
  // When nghttp2 gave up within a header block, this is the moment to see why (goaway_sending).
  if (watcher_.in_block()) flush();
  if (!server_ || !watcher_.unfinished()) {
    head_timer_.disarm();
  } else if (!head_timer_.armed()) {
    head_timer_.arm(limits_.header_timeout);
  }
  want_flush();
}

void H2Session::judge_input(FrameWatcher::Verdict verdict) {
  switch (verdict) {
    case FrameWatcher::Verdict::kFine: return;
    case FrameWatcher::Verdict::kStreamClosed:
      return terminate_for(Hostile::kProtocolError, NGHTTP2_STREAM_CLOSED,
                           "the peer sent a frame on a stream it had ended");
    case FrameWatcher::Verdict::kStreamOrder:
      return terminate_for(Hostile::kProtocolError, NGHTTP2_PROTOCOL_ERROR,
                           "the peer opened a stream out of order");
    case FrameWatcher::Verdict::kPriority:
      return terminate_for(Hostile::kProtocolError, NGHTTP2_PROTOCOL_ERROR,
                           "the peer sent a senseless PRIORITY frame");
    case FrameWatcher::Verdict::kFlood:
      return terminate_for(Hostile::kFlood, NGHTTP2_ENHANCE_YOUR_CALM,
                           "the peer sent too many frames to no purpose");
  }
}

void H2Session::terminate(uint32_t error_code, std::string_view why) {
  if (!open()) return;
  if (error_code != NGHTTP2_NO_ERROR) end_reason_ = ResetReason::kProtocolError;
  end_why_ = why;
  blamed_ = true;
  state_ = State::kEnding;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), error_code,
                        reinterpret_cast<const uint8_t*>(why.data()), why.size());
  want_flush();
}

void H2Session::terminate_for(Hostile kind, uint32_t error_code, std::string_view why) {
  if (!open()) return;
  count(kind);
  tell(kind, why);
  terminate(error_code, why);
}

void H2Session::tell(Hostile kind, std::string_view why) {
  if (context_.faults == nullptr) return;
  context_.faults->on_connection_fault(transport_.peer(), kind, why);
}

void H2Session::on_turn_end() {
  if (state_ <= State::kEnding) {
    flush();
    if (room_owed_) tell_room();
    const bool over =
        nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
    if (over || state_ == State::kEnding) finish(end_reason_, end_why_);
  }
  side_.on_settled();
  if (state_ != State::kFinished || live_ > 0) return;
  state_ = State::kDone;
  side_.on_done();
}

void H2Session::flush() {
  FrameWriter out(transport_.output(), context_.blocks);
  writer_ = &out;
  while (transport_.backlog() + out.pending() <= kBacklogLimit) {
    const uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) break;
    out.put(data, static_cast<size_t>(size));
  }
  writer_ = nullptr;
  out.commit();
  if (out.wrote()) transport_.wrote();
  if (transport_.backlog() <= kBacklogLimit) {
    stall_timer_.disarm();
  } else if (!stall_timer_.armed()) {
    stall_timer_.arm(kStallTimeout);
  }
}

int H2Session::send_body(H2Stream& stream, const uint8_t* frame_header, size_t length) {
  if (stream.queue.size() < length) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (transport_.backlog() + writer_->pending() > kBacklogLimit) return NGHTTP2_ERR_WOULDBLOCK;
  constexpr size_t kFrameHeader = 9;
  writer_->put(frame_header, kFrameHeader);
  writer_->put_from(stream.queue, length);
  watcher_.useful();
  if (stream.owes_room && stream.queue.size() <= limits_.buffer / 2) room_owed_ = true;
  return 0;
}

void H2Session::tell_room() {
  room_owed_ = false;
  for_each_stream([this](H2Stream& stream) {
    if (!stream.owes_room || stream.queue.size() > limits_.buffer / 2) return;
    stream.owes_room = false;
    if (stream.owned()) stream.sink->on_writable();
  });
}

void H2Session::on_eof(std::string_view why) {
  if (state_ <= State::kEnding) flush();
  if (open()) end_why_ = why;
  finish(ResetReason::kConnectionLost, why);
}

void H2Session::finish(ResetReason reason, std::string_view why) {
  if (state_ > State::kEnding) return;
  if (state_ == State::kEnding && end_reason_ == ResetReason::kProtocolError) {
    reason = end_reason_;
    why = end_why_;
  }
  state_ = State::kFinished;
  head_timer_.disarm();
  stall_timer_.disarm();
  pending_ = Slice();
  for_each_stream([&](H2Stream& stream) {
    if (stream.closed && stream.id != 0) return;
    stream.closed = true;
    if (stream.owner == H2Stream::Owner::kReleased) {
      recycle(stream);
    } else if (block_.lost && block_.stream == &stream) {
      lose_block();
    } else {
      stream.reset(stream.never_sent() ? ResetReason::kRefused : reason, why);
    }
  });
  want_flush();
}

void H2Session::adopt(H2Stream& stream) {
  streams_.push_back(stream);
  ++live_;
}

void H2Session::recycle(H2Stream& stream) {
  stream.unlink();
  --live_;
  stored_head_bytes_ -= stream.head_bytes;
  if (block_.subject == &stream) block_.subject = block_.stream = nullptr;
  if (pending_stream_ == &stream) pending_stream_ = nullptr;
  stream.renew();
  stream.retire();
  want_flush();
}

void H2Session::released(H2Stream& stream) {
  if (pending_stream_ == &stream) pending_stream_ = nullptr;
  if (block_.stream == &stream) block_.stream = nullptr;
}

void H2Session::resume(H2Stream& stream) {
  if (!open()) return;
  if (stream.starved) {
    stream.starved = false;
    nghttp2_session_resume_data(session_, stream.id);
  }
  want_flush();
}

void H2Session::credit_stream(H2Stream& stream, size_t bytes) {
  if (!open()) return;
  nghttp2_session_consume_stream(session_, stream.id, bytes);
  want_flush();
}

void H2Session::submit_reset(int32_t id, uint32_t error_code) {
  if (!open()) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, error_code);
  want_flush();
}

void H2Session::on_head_timeout() {
  constexpr std::string_view kWhy = "the peer did not finish its headers in time";
  if (received_any_) {
    terminate_for(Hostile::kHeaderTimeout, NGHTTP2_PROTOCOL_ERROR, kWhy);
  } else {
    terminate(NGHTTP2_PROTOCOL_ERROR, kWhy);
  }
}

void H2Session::on_sweep() {
  if (!open()) return;
  bool any = false;
  for_each_stream([&any](H2Stream& stream) {
    if (stream.owner != H2Stream::Owner::kReleased || stream.reset_by == H2Stream::ResetBy::kUs)
      return;
    const size_t left = stream.queue.size();
    stream.idle_sweeps = left == stream.left_then ? stream.idle_sweeps + 1 : 1;
    stream.left_then = left;
    const bool answered = stream.sending == H2Stream::Sending::kSent;
    if (stream.idle_sweeps >= (answered ? kAnsweredSweeps : kStuckSweeps)) {
      return stream.send_reset(answered ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    }
    any = true;
  });
  if (any) sweep_timer_.arm(kSweep);
}

void H2Session::on_stalled() {
  transport_.abort_on_destroy();
  finish(ResetReason::kTimeout, "the peer does not read what it is sent");
}

}  // namespace woad
