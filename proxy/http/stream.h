// The two faces that carry all traffic, used on both sides of the proxy.
//
// Events come up from a codec to a Sink; calls go down from its owner to a Writer. One stream is
// one request with its response, whatever the protocol. All of it on one thread.
//
// Rules
// - A codec never calls a sink from inside a writer call of the same stream; on_reset and
//   on_writable come from the loop.
// - A sink may call writers from inside its events; what is written is queued and flushed at the
//   end of the turn.
// - Each writer is released exactly once, by its owner, and not used afterwards. Releasing a stream
//   that is not finished cancels it; the codec then decides what the connection is still good for.
// - After on_reset no further event comes; the owner still releases.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/base/arena.h"
#include "proxy/base/buffer.h"
#include "proxy/http/message.h"
#include "proxy/http/outcome.h"

namespace woad {

// Why a stream ended early.
enum class ResetReason : uint8_t {
  kCancel,          // the other side, or we, no longer want it
  kRefused,         // not processed at all, safe to try elsewhere (REFUSED_STREAM, GOAWAY)
  kConnectionLost,  // the connection closed or was reset
  kNotConnected,    // it never came to be: nobody could be reached, or refused us in TLS
  kProtocolError,   // the peer broke the protocol
  kInternal,        // our own failure, told to the peer as such
  kTimeout,
  kTunnelLost,  // what a CONNECT led to was lost or reset
};
std::string_view to_string(ResetReason reason);

// What goes down for one stream.
class StreamWriter {
 public:
  // A piece of body, or of tunnelled bytes. After `end` nothing more is written.
  virtual void write_data(Buffer&& data, bool end) = 0;
  // Ends the message.
  virtual void write_trailers(const Headers& trailers) = 0;
  // False while more than limits.buffer bytes wait to be sent; on_writable tells when it is over.
  // Writing more all the same is allowed, and bounded by what a held peer has already sent.
  virtual bool writable() const = 0;
  // Stops (true) and resumes (false) on_data of this stream. Idempotent; events already under way
  // in the present call may still come.
  virtual void hold_reading(bool on) = 0;
  // The last call. `reason` is told to the peer if the stream is unfinished.
  virtual void release(ResetReason reason) = 0;

 protected:
  ~StreamWriter() = default;
};

// What comes up for one stream.
class StreamSink {
 public:
  virtual void on_data(Buffer&& data, bool end) = 0;
  // Ends the message. `trailers` lives in the arena.
  virtual void on_trailers(Headers& trailers) = 0;
  // The stream died; `why` says how in a sentence without a final dot.
  virtual void on_reset(ResetReason reason, std::string_view why) = 0;
  // After writable() was false: there is room again.
  virtual void on_writable() = 0;
  // Where the codec places heads and trailers of this stream.
  virtual Arena& arena() = 0;

 protected:
  ~StreamSink() = default;
};

// Server side: the response to one request.
class ResponseWriter : public StreamWriter {
 public:
  // 1xx but 101. May be called several times before the final head.
  virtual void write_interim(const ResponseHead& head) = 0;
  // The final head, or 101 to a request with `upgrade`; after that, and after a 2xx to a CONNECT,
  // write_data/on_data carry raw bytes. The codec adds framing; it drops a body where the status or
  // a HEAD request forbids one.
  // `close` asks HTTP/1 to end the connection with this response.
  virtual void write_head(const ResponseHead& head, bool end, bool close) = 0;

 protected:
  ~ResponseWriter() = default;
};

class RequestSink : public StreamSink {
 public:
  // First event of a stream. `head` lives in the arena. `end`: no body follows; of a CONNECT: nor
  // anything else.
  virtual void on_request(RequestHead& head, bool end) = 0;
  // Instead of on_request, when the request is not fit to be forwarded: answer `reply`. `head`
  // holds what could be read (possibly nothing), for the log. No data follows.
  virtual void on_bad_request(RequestHead& head, LocalReply reply) = 0;
  // The body breaks the protocol, and nothing can be read behind it: answer `reply`, or cut the
  // response if it has begun. No further event comes.
  virtual void on_bad_body(LocalReply reply) = 0;

 protected:
  ~RequestSink() = default;
};

// Client side: one request to an upstream.
class RequestWriter : public StreamWriter {
 public:
  virtual void write_head(const RequestHead& head, bool end) = 0;
  // True once any byte of this stream may have left for the peer.
  virtual bool anything_sent() const = 0;
  // Before the response's head: true once part of an answer has come, an interim response or the
  // beginning of a head.
  virtual bool anything_heard() const = 0;

 protected:
  ~RequestWriter() = default;
};

class ResponseSink : public StreamSink {
 public:
  virtual void on_interim(ResponseHead& head) = 0;
  // The final head (or 101). `end`: no body follows.
  virtual void on_response(ResponseHead& head, bool end) = 0;

 protected:
  ~ResponseSink() = default;
};

}  // namespace woad
