// One request over the connections of a pool, and its answer, piece by piece.
//
//   waiting ──▶ asking ──▶ over
//      ▲ └─────────────────▶┘
//      └──(a reused connection died of its age before any answer: once)──┘ of asking
// A request goes out a second time only where nothing of it can have been done: its method is
// idempotent, nothing of it was sent, or the server refused the stream unseen. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/client/http_asker.h"
#include "proxy/upstream/connection_pool.h"

namespace woad {

// Why there is no whole answer.
struct CallFailure {
  enum class Step : uint8_t {
    kOurs,        // for want of our own means: says nothing of the server
    kConnecting,  // there is no connection
    kAgreeing,    // there is one, and it speaks another protocol than was needed
    kAsking,      // the request or its answer was cut off, or took too long
  };
  Step step;
  std::string why;  // a sentence without a final dot
};

// Hears of one answer. Each call may give the call up, and hand it over to die by defer_delete.
class PooledCallSink {
 public:
  // Heads and trailers are good during the event alone.
  virtual void on_head(const ResponseHead& head) = 0;
  virtual void on_body(std::string_view piece) = 0;
  virtual void on_trailers(const Headers& trailers) = 0;
  // Exactly one of these is last.
  virtual void on_end() = 0;
  virtual void on_failed(CallFailure failure) = 0;

 protected:
  ~PooledCallSink() = default;
};

class PooledCall final : public Deferred, private StreamWaiter, private ResponseSink {
 public:
  // kGrpc: over HTTP/2 alone, and trailers are wanted.
  enum class Kind : uint8_t { kHttp, kGrpc };

  // All outlive it. `authority` is the Host to send.
  PooledCall(ConnectionPool& pool, ArenaPool& arenas, std::string authority, HttpRequest request,
             PooledCallSink& sink, Kind kind = Kind::kHttp);
  ~PooledCall() override { give_up(); }

  // An event comes from inside only when a gRPC call finds a connection of HTTP/1.
  void start();
  // No event comes any more.
  void give_up();

 private:
  void on_timeout();
  void send(RequestWriter& writer);
  void release();
  void end();
  void fail(CallFailure::Step step, std::string why);
  bool may_go_again(ResetReason reason) const;

  // StreamWaiter
  void on_stream(RequestWriter& writer, Protocol protocol, bool reused) override;
  void on_no_stream(const DialFailure& failure) override;
  ResponseSink& response_sink() override { return *this; }
  // ResponseSink
  void on_interim(ResponseHead&) override {}
  void on_response(ResponseHead& head, bool end) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override {}
  Arena& arena() override { return arena_; }

  ConnectionPool& pool_;
  Arena arena_;
  const std::string authority_;
  const HttpRequest request_;
  const Method method_;
  const Kind kind_;
  PooledCallSink* sink_;             // nullptr once it is over
  RequestWriter* writer_ = nullptr;  // while asking
  bool reused_ = false;              // the connection that it is on, and no answer has begun
  Timer timeout_;
};

}  // namespace woad
