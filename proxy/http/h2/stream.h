// One HTTP/2 stream, as far as it is the same on both sides: what waits to be sent, flow control,
// and who still has a hand in it.
//
// The two halves of a stream are two states:
//   sending    head ──▶ body ──▶ ended ──▶ sent      (the owner's last byte given; END_STREAM left)
//   receiving  head ──▶ body or ignored ──▶ ended    (ignored: the request was refused)
// and its life ends when both nghttp2 (`closed`) and the owner (released) are through with it; the
// codec then keeps the object for the next stream. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/base/intrusive_list.h"
#include "proxy/http/h2/message_rules.h"
#include "proxy/http/stream.h"

namespace woad {

class H2Session;

class H2Stream : public ListLink {
 public:
  enum class Sending : uint8_t { kHead, kBody, kEnded, kSent };
  enum class Receiving : uint8_t { kHead, kBody, kIgnored, kEnded };
  // kTold: on_reset was called, release() has yet to come.
  enum class Owner : uint8_t { kOwned, kTold, kReleased };

  // Who ended it early: a reset of the peer's, one of ours for a reason of ours, or what the peer
  // did wrong, which was counted: a fault, or a message that breaks the rules.
  enum class ResetBy : uint8_t { kNobody, kPeer, kUs, kFault, kMalformed };

  explicit H2Stream(H2Session& of) : session(of) {}
  virtual ~H2Stream() = default;

  // The head that comes in, as its side reads it. Views live as long as the sink's arena.
  virtual void begin_head() = 0;
  virtual void add_field(const H2Field& field) = 0;
  // `over`, unless empty: fields are missing, and why.
  virtual void end_head(bool end, std::string_view over) = 0;
  // HEADERS of a request are on their way out.
  virtual void head_leaves() {}
  // True while the peer cannot know of the stream.
  virtual bool never_sent() const { return false; }
  // Back to the codec, which keeps or deletes it.
  virtual void retire() = 0;

  // The owner's calls, the same on both sides.
  void send_data(Buffer&& data, bool end);
  void send_trailers(const Headers& trailers);
  bool has_room() const;
  void set_held(bool on);
  void give_up(ResetReason reason);

  // Told to the owner once, unless it has let go.
  void reset(ResetReason reason, std::string_view why);
  // RST_STREAM with an RFC 9113 section 7 error code; nothing more is sent.
  void send_reset(uint32_t error_code);
  // Gives the stream's window back for what was delivered.
  void credit(size_t bytes);
  // As new, for the next use of the object.
  void renew();

  bool owned() const { return owner == Owner::kOwned; }

  H2Session& session;
  StreamSink* sink = nullptr;
  int32_t id = 0;
  Sending sending = Sending::kHead;
  Receiving receiving = Receiving::kHead;
  Owner owner = Owner::kOwned;
  ResetBy reset_by = ResetBy::kNobody;
  bool closed = false;      // nghttp2 does not know it (any more)
  bool starved = false;     // nghttp2 waits for resume_data
  bool owes_room = false;   // on_writable is owed
  bool held = false;        // the owner holds reading
  uint8_t idle_sweeps = 0;  // of released streams, that found nothing sent since the one before
  uint32_t uncredited = 0;  // bytes delivered while held
  uint32_t head_bytes = 0;  // what its heads count in the connection's total
  uint32_t trailer_count = 0;
  size_t left_then = 0;  // what the queue held at the last sweep
  MessageRules rules;    // of the message that comes in
  Buffer queue;          // body to be sent
  Slice trailers;        // an array of nghttp2_nv and their bytes, sent after the queue
};

// The StreamWriter half of a stream with the face of its side.
template <class Face>
class H2StreamOf : public Face, public H2Stream {
 public:
  using H2Stream::H2Stream;
  void write_data(Buffer&& data, bool end) final { send_data(std::move(data), end); }
  void write_trailers(const Headers& fields) final { send_trailers(fields); }
  bool writable() const final { return has_room(); }
  void hold_reading(bool on) final { set_held(on); }
  void release(ResetReason reason) final { give_up(reason); }

 protected:
  ~H2StreamOf() override = default;
};

}  // namespace woad
