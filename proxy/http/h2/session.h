// What both HTTP/2 codecs share: nghttp2's session, the flow of frames through it, and the limits
// that it does not keep by itself.
//
// Input is parsed at once; output is serialised once a turn, straight into the transport's queue,
// and stops while that queue is long. Budgets, in a peer's favour at first and then against it, end
// the connection with GOAWAY.
//
//   open ──▶ ending ──▶ finished ──▶ done
//     └────────────────▶┘
// ending: GOAWAY leaves with this turn, nothing more is read. finished: no byte is read or written
// any more, every stream has been told, some have yet to be released. done: the owner was told. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/intrusive_list.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/http/codec.h"
#include "proxy/http/h2/frame_watcher.h"
#include "proxy/http/h2/frame_writer.h"
#include "proxy/http/h2/rate_budget.h"
#include "proxy/http/h2/stream.h"

struct nghttp2_session;

namespace woad {

// The side that a connection plays; its codec. Called while bytes are parsed, or at the end of a
// turn.
class H2Side {
 public:
  // A stream that the peer opens; nullptr when it was refused.
  virtual H2Stream* on_peer_stream(int32_t id) = 0;
  virtual void on_peer_settings() {}
  virtual void on_peer_goaway() {}
  virtual void on_ping_ack() {}
  // At the end of each turn with work.
  virtual void on_settled() {}
  // The session's last call: finished, and no stream is left.
  virtual void on_done() = 0;

 protected:
  ~H2Side() = default;
};

class H2Session final : private TurnEnd {
 public:
  // All outlive the session. `server`: the peer opens the streams.
  H2Session(Transport& transport, const CodecContext& context, const HttpLimits& limits,
            H2Side& side, bool server);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // For streams.
  const HttpLimits& limits() const { return limits_; }
  BlockPool& blocks() { return context_.blocks; }
  void resume(H2Stream& stream);
  void credit_stream(H2Stream& stream, size_t bytes);
  void submit_reset(int32_t id, uint32_t error_code);
  // Both nghttp2 and the owner are through with it.
  void recycle(H2Stream& stream);
  void released(H2Stream& stream);
  // A stream was let go while either side has still to end it.
  void watch_unfinished() {
    if (!sweep_timer_.armed()) sweep_timer_.arm(kSweep);
  }
  // True when a stream that its owner lets go needs no RST_STREAM now. A request that was answered
  // early is read on for a while (RFC 9113 section 8.1): its end may be under way, and many clients
  // throw an answer away for a reset behind it.
  bool may_finish(const H2Stream& stream) const {
    return stream.sending >= H2Stream::Sending::kEnded &&
           (server_ || stream.receiving == H2Stream::Receiving::kEnded);
  }

  // For the side.
  nghttp2_session* library() const { return session_; }
  MonoTime now() const { return context_.scheduler.now(); }
  bool open() const { return state_ == State::kOpen; }
  size_t live() const { return live_; }  // streams that are not recycled
  MonoTime received_at() const { return received_at_; }
  bool heard() const { return received_any_; }  // the peer has sent something
  std::string_view end_why() const { return end_why_; }
  void receive(Slice bytes);
  // The peer sends no more: what is queued goes out, then finish(). `why` is static.
  void on_eof(std::string_view why);
  // What terminate() found wrong before goes before `reason` and `why`.
  void finish(ResetReason reason, std::string_view why);
  // GOAWAY with an error code of RFC 9113 section 7 and `why`, which is static; then finished.
  void terminate(uint32_t error_code, std::string_view why);
  // A visit may end or begin any stream.
  template <class Visit>
  void for_each_stream(Visit&& visit) {
    streams_.visit_each(visit);
  }
  void want_flush() { context_.scheduler.at_turn_end(*this); }
  // Takes the stream over until it retires.
  void adopt(H2Stream& stream);
  void count(Hostile kind) { ++context_.hostile[static_cast<size_t>(kind)]; }
  void apply_limits(const HttpLimits& limits);

 private:
  friend struct Nghttp2Glue;
  // Streams that their owner has let go are looked at so often, for one that the peer does not end:
  // it takes nothing of what is left for it (a window of zero costs it nothing), or has its answer
  // and does not finish its request.
  static constexpr Duration kSweep = seconds(3);
  static constexpr uint8_t kStuckSweeps = 6;
  static constexpr uint8_t kAnsweredSweeps = 2;

  // The header block that is being read; one at a time on a connection.
  struct HeadBlock {
    H2Stream* subject = nullptr;  // whose rules it must keep
    H2Stream* stream = nullptr;   // the same while somebody is to be told of it
    Headers* trailers = nullptr;  // nullptr for a head
    size_t bytes = 0;
    size_t fields = 0;
    std::string_view over{};  // why fields were left out
    bool lost = false;        // nghttp2 gave up within it
  };

  enum class State : uint8_t { kOpen, kEnding, kFinished, kDone };

  void on_turn_end() override;
  void announce_settings();
  void flush();
  // terminate() for something that the peer did, which is counted and told.
  void terminate_for(Hostile kind, uint32_t error_code, std::string_view why);
  void tell_room();
  void judge_input(FrameWatcher::Verdict verdict);

  // From nghttp2's callbacks; the int ones return its error codes.
  int begin_block(int32_t id);
  int take_field(std::string_view name, bool static_name, std::string_view value,
                 bool static_value);
  int refuse_block(std::string_view why);
  void end_block(bool end);
  void reset_malformed(H2Stream& stream, Hostile kind);
  void take_data(int32_t id, std::string_view bytes, bool last_frame);
  void end_data(int32_t id);
  void deliver_pending(bool end);
  void deliver(H2Stream& stream, Slice bytes, bool end);
  void end_trailers(H2Stream& stream, Headers& trailers);
  void reset_received(int32_t id);
  void reset_sending(int32_t id);
  void end_sent(int32_t id);
  int goaway_sending(uint32_t error_code, std::string_view text);
  void lose_block();
  std::string_view lost_block_why() const;
  void write_goaway(uint32_t error_code, std::string_view text);
  void tell(Hostile kind, std::string_view why);
  void stream_closed(int32_t id, uint32_t error_code);
  void invalid_frame(int32_t id);
  void spend_reset();
  int send_body(H2Stream& stream, const uint8_t* frame_header, size_t length);
  H2Stream* find(int32_t id) const;
  void on_head_timeout();
  void on_stalled();
  void on_sweep();
  void drop_data(H2Stream& stream);

  nghttp2_session* session_ = nullptr;
  Transport& transport_;
  CodecContext context_;
  HttpLimits limits_;
  H2Side& side_;
  IntrusiveList<H2Stream> streams_;  // those that are not recycled
  State state_ = State::kOpen;
  const bool server_;
  bool received_any_ = false;
  size_t live_ = 0;
  MonoTime received_at_;          // when bytes last came
  size_t stored_head_bytes_ = 0;  // of heads and trailers of live streams
  FrameWatcher watcher_;
  RateBudget resets_;
  HeadBlock block_;
  Slice input_;    // what is being parsed
  Slice pending_;  // the piece of body that may turn out to be the last
  H2Stream* pending_stream_ = nullptr;
  FrameWriter* writer_ = nullptr;  // during a flush
  std::string_view end_why_ = "the connection was closed in order";
  ResetReason end_reason_ = ResetReason::kConnectionLost;
  bool flooded_ = false;
  bool blamed_ = false;  // what ends the connection was counted
  bool room_owed_ = false;
  Timer head_timer_;
  Timer stall_timer_;
  Timer sweep_timer_;
};

}  // namespace woad
