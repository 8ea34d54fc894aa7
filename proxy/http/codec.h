// The face of a codec: bytes of one connection on one side, streams on the other.
//
// A codec does not own its transport; its owner (a connection) feeds it what the transport reads
// and deletes both. All of it on one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/base/time.h"
#include "proxy/http/stream.h"
#include "proxy/net/transport.h"

namespace woad {

// The limits of config/reference.md ("limits"), in bytes and counts. Copied from the snapshot when
// a connection starts; set_limits() gives an open connection those of a newer one.
struct HttpLimits {
  size_t header_bytes = 64 * 1024;  // whole head, and whole trailer section
  size_t header_count = 200;
  size_t target_bytes = 16 * 1024;
  size_t buffer = 64 * 1024;  // per stream and direction; also the HTTP/2 stream window
  uint32_t concurrent_streams = 256;
  uint32_t resets_per_second = 100;  // of streams, sent by either side; burst of two seconds' worth
  Duration header_timeout = seconds(10);
  Duration idle_timeout = minutes(5);
};

// Hostile or broken input that was refused, by kind; label `kind` of woad_hostile_total.
enum class Hostile : uint8_t {
  kMalformedHead,  // syntax of a head that no lenient reading could save
  kFraming,        // content-length, transfer-encoding, chunks
  kHost,           // missing, double, invalid or contradicting authority
  kTarget,         // request target of a wrong form or too long
  kHeadersTooLarge,
  kHeaderTimeout,
  kFlood,             // HTTP/2 resets, pings, settings, empty frames, continuation
  kProtocolError,     // any other HTTP/2 violation
  kUpstreamResponse,  // a response of an upstream that breaks HTTP
  kSlowBody,          // a request's body that comes by and by
  kSlowReader,        // a client that takes nothing of its answer
};
inline constexpr int kHostileCount = static_cast<int>(Hostile::kSlowReader) + 1;
std::string_view to_string(Hostile kind);

// Hears of what a peer did that ended a whole connection, which no single request tells.
class FaultSink {
 public:
  // `why`: a sentence without a final dot, for the process log; good for the call alone.
  virtual void on_connection_fault(const Address& peer, Hostile kind, std::string_view why) = 0;

 protected:
  ~FaultSink() = default;
};

// What a codec needs of its worker. Everything outlives the codec.
struct CodecContext {
  Scheduler& scheduler;
  BlockPool& blocks;
  uint64_t* hostile;            // kHostileCount counters of this worker
  FaultSink* faults = nullptr;  // nullptr: nobody listens
};

// Implemented by the owner of a server codec.
class ServerConnection {
 public:
  // A new request; the sink is told of it next. Called before the head is known, so that the head
  // can be placed in the sink's arena.
  virtual RequestSink& on_stream(ResponseWriter& writer) = 0;
  // The codec is done with the connection: nothing more will be read or written and no stream is
  // left. The owner closes the transport (what is queued is still sent) and deletes, deferred.
  virtual void on_codec_done() = 0;
  // Nothing came for kQuiet, and nothing is kept of what was: a new codec would serve the
  // connection as well, so the owner may delete this one, deferred. `until`: when the wait for a
  // request is over.
  static constexpr Duration kQuiet = milliseconds(100);
  virtual void on_quiet(MonoTime until) { (void)until; }

 protected:
  ~ServerConnection() = default;
};

// What codecs of either side share.
class Codec {
 public:
  virtual ~Codec() = default;
  // From the transport.
  virtual void on_bytes(Slice bytes) = 0;
  virtual void on_eof() = 0;  // the peer sent FIN
  virtual void on_transport_lost(
      std::string_view why) = 0;            // reset or failed: streams get on_reset
  virtual void on_transport_drained() = 0;  // output fell below the limit again
  // Graceful end: no new streams, done when the open ones end. Towards a client HTTP/1 closes after
  // the present response (or now when idle), HTTP/2 sends GOAWAY.
  virtual void begin_drain() = 0;
  virtual Protocol protocol() const = 0;
  // After on_codec_done(): why, for debug lines; static.
  virtual std::string_view end_why() const { return "it has ended in order"; }
  // Requests that have begun and are not finished.
  virtual size_t active_streams() const = 0;
};

class ServerCodec : public Codec {
 public:
  virtual void set_limits(const HttpLimits& limits) = 0;
};

// Implemented by the owner of a client codec (one upstream connection).
class ClientConnection {
 public:
  // Room for streams changed: a stream ended, the peer's limit moved, GOAWAY. Not from inside
  // open_stream.
  virtual void on_room_changed() = 0;
  // As ServerConnection::on_codec_done.
  virtual void on_codec_done() = 0;

 protected:
  ~ClientConnection() = default;
};

class ClientCodec : public Codec {
 public:
  // The peer refused the connection before it sent anything: streams get kNotConnected.
  virtual void on_transport_refused(std::string_view why) = 0;
  // Streams that may be opened now; 0 for good once the connection is closing.
  virtual size_t room() const = 0;
  // Requires room() > 0. The sink gets the response.
  virtual RequestWriter& open_stream(ResponseSink& sink) = 0;
  // How long the peer keeps an idle connection, if it said so (Keep-Alive: timeout=N); else zero.
  virtual Duration peer_idle_timeout() const { return {}; }
};

}  // namespace woad
