// One try to get an answer from one endpoint: waits for a stream, sends the request on it, hands up
// what comes back.
//
//   waiting ──▶ sending ──▶ answered ──▶ finished
//      └───────────┴──▶ tunnel ─┴─────────▶┘
// Owned by the Forwarder; destroying it cancels. One thread.
#pragma once

#include <cstdint>

#include "proxy/base/scheduler.h"
#include "proxy/http/stream.h"
#include "proxy/upstream/stream_race.h"

namespace woad {

class Forwarder;

// Its owner hears nothing from inside a call to it, but start().
class Attempt final : public Deferred, private StreamTaker, private ResponseSink {
 public:
  // A tunnel may end either way first, and be lost after that: it is not finished
  // before its owner gives it up or it is lost.
  enum class State : uint8_t { kWaiting, kSending, kAnswered, kTunnel, kFinished };

  // What comes on the stream goes to `sink`. Counts as active on the endpoint while it lives. Where
  // `endpoint`, which is in `pool`, is an address of a name, another one of that may answer.
  Attempt(Forwarder& owner, ResponseSink& sink, LivePool& pool, const Endpoint& endpoint,
          Protocol protocol);
  ~Attempt() override;

  // new (arena) Attempt: in the memory of its exchange, which dies after it.
  static void* operator new(size_t size, Arena& arena) { return arena.allocate(size); }
  static void operator delete(void*, Arena&) {}
  static void operator delete(void*) {}

  void start(Reuse reuse) { race_.start(reuse); }
  // Everything goes to `sink` from now on.
  void hand_over(ResponseSink& sink) { sink_ = &sink; }
  // It counts as failed to who balances by the time that answers take; else it is one that nobody
  // waited for.
  void failed() { race_.failed(); }
  // Gives up: no event comes any more; the stream is released when the object dies.
  void cancel();

  // Valid from on_attempt_ready on.
  RequestWriter& writer() { return *writer_; }
  bool has_stream() const { return writer_ != nullptr; }
  bool reused() const { return reused_; }
  // That of the stream from on_attempt_ready on.
  const Endpoint& endpoint() const { return race_.endpoint(); }

 private:
  void on_stream(RequestWriter& writer, bool reused) override;
  void on_no_stream(const DialFailure& failure) override;
  ResponseSink& response_sink() override { return *this; }
  void on_interim(ResponseHead& head) override;
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override;
  Arena& arena() override { return sink_->arena(); }

  Forwarder& owner_;
  ResponseSink* sink_;
  StreamRace race_;
  RequestWriter* writer_ = nullptr;
  State state_ = State::kWaiting;
  bool reused_ = false;
};

}  // namespace woad
