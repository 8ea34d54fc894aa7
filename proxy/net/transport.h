// A byte stream to one peer, whatever carries it: TCP, TLS over TCP, or memory in tests.
//
// Writing only queues; the transport writes once at the end of the turn, and goes on by itself when
// the peer is slow. One thread. The sink outlives the transport's use of it: the owner sets it
// before the first event and destroys the transport (deferred) before the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/net/address.h"

namespace woad {

class RestingSocket;

class TransportSink {
 public:
  // One read. The slice may be kept; keep it only as long as it is needed.
  virtual void on_bytes(Slice bytes) = 0;
  // The peer sent FIN; writing still works.
  virtual void on_eof() = 0;
  // backlog() fell to the low-water mark after having been above the high-water mark.
  virtual void on_drained() = 0;
  // The connection is gone (reset, failed write): no further event. `why` is a sentence without a
  // final dot, such as "connection reset by peer".
  virtual void on_lost(std::string_view why) = 0;

 protected:
  ~TransportSink() = default;
};

// Why reading is held: a bit a reason; reading goes on when no bit is set.
enum class Hold : uint8_t {
  kStream = 1,    // the consumer of a stream is slow
  kPipeline = 2,  // HTTP/1: further requests wait for the present one
  kBacklog = 4,   // the peer does not read what we write
  kTunnel = 8,
  kFirstWord = 16,  // it has said something before anyone was there
};

// Destroying a transport closes it: what is queued is dropped unless close_after_flush() was
// called.
class Transport : public Deferred {
 public:
  // Starts reading. Called once.
  virtual void start(TransportSink& sink) = 0;
  // Queues; written at the end of the turn.
  void write(Buffer&& data) {
    output().append(std::move(data));
    wrote();
  }
  // The queue itself, for writers that serialise in place; call wrote() afterwards.
  virtual Buffer& output() = 0;
  virtual void wrote() = 0;
  // Bytes queued and not yet taken by the kernel.
  virtual size_t backlog() const = 0;
  // Bytes that the peer has acknowledged so far; nothing: that is not known.
  virtual std::optional<uint64_t> acknowledged() const { return std::nullopt; }
  // Bytes that the kernel has taken so far; with TLS those of the records.
  virtual uint64_t written() const = 0;
  // The peer has acknowledged nothing of what was written behind `mark`, a written() of before:
  // once its end has come, that it ended before any of it was there. False: it has, or that is not
  // known.
  virtual bool unacknowledged_since(uint64_t) const { return false; }
  // backlog() above this is too much; on_drained() comes when it is back at or below half of it.
  virtual void set_high_water(size_t bytes) = 0;
  // The peer has sent something, or its end, that is not read yet: asks the kernel.
  virtual bool input_waits() const { return false; }
  // The connection without what only one that speaks needs; this is good for destruction then.
  // Nothing: it is not as quiet as that, or what carries it has a state of its own (TLS, which
  // gives back what it can). Not from inside an event.
  virtual std::unique_ptr<RestingSocket> rest();
  // FIN once everything queued is written.
  virtual void shutdown_write() = 0;
  // Idempotent.
  virtual void hold_reading(Hold reason, bool on) = 0;
  // From now on the transport needs no sink: it writes what is queued, sends FIN, waits a bounded
  // time for the peer to close while it discards input (RFC 9112 section 9.6: a close with
  // unread input would reset the connection under the last response), and frees itself. The
  // unique_ptr's last call: Transport::close_after_flush(std::move(transport)).
  static void close_after_flush(std::unique_ptr<Transport> transport);
  // The next destruction resets the connection (RST) instead of closing it; close_after_flush()
  // then writes what the peer takes at once.
  virtual void abort_on_destroy() = 0;

  // After on_lost(): the peer refused us before it sent anything (TLS: with an alert, where the
  // client's handshake was over already).
  virtual bool refused() const { return false; }

  virtual const Address& peer() const = 0;
  virtual const Address& local() const = 0;

 protected:
  virtual void linger(std::unique_ptr<Transport> self) = 0;
};

inline void Transport::close_after_flush(std::unique_ptr<Transport> transport) {
  Transport* raw = transport.get();
  raw->linger(std::move(transport));
}

}  // namespace woad
