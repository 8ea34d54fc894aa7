// The connections of one worker to one endpoint over one channel.
//
// In plaintext the pool's protocol is spoken; with TLS it is what the last handshake agreed on, and
// each connection speaks what its own did. HTTP/1: the connection that became idle last is used
// first, so that few stay warm and the rest time out. HTTP/2: streams share the fuller connection,
// up to the peer's limit, for the same reason: a turn then writes once for all of them. Opaque TCP:
// a connection a stream, never used again. A request that finds no room waits for the first of a
// freed connection and a dialed one. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/base/event_log.h"
#include "proxy/base/intrusive_list.h"
#include "proxy/http/codec.h"
#include "proxy/net/address.h"
#include "proxy/upstream/dialer.h"
#include "proxy/upstream/upstream_connection.h"

namespace woad {

class ConnectionPool;

// Which connections will do for a stream.
enum class Reuse : uint8_t {
  kAny,
  kOnlySilent,  // no idle one whose peer has said something, such as its end: what may not go twice
  kNone         // a new one (a replay after a reused one died)
};

// Someone who wants a stream. Destroying it while it waits gives the place up.
class StreamWaiter : public ListLink {
 public:
  bool waits() const { return pool_ != nullptr; }
  void stop_waiting();

  // The stream is the waiter's: it must release the writer. `reused`: the connection has carried
  // requests before, so its death before any answer may mean nothing but its age.
  virtual void on_stream(RequestWriter& writer, Protocol protocol, bool reused) = 0;
  virtual void on_no_stream(const DialFailure& failure) = 0;
  virtual ResponseSink& response_sink() = 0;

 protected:
  virtual ~StreamWaiter() { stop_waiting(); }

 private:
  friend class ConnectionPool;
  ConnectionPool* pool_ = nullptr;
  Reuse reuse_ = Reuse::kAny;  // while it waits
  MonoTime since_{};           // the same
};

// Idle HTTP/1 connections are closed after this: at or below the keep-alive time of common servers,
// so that they are not reused at the moment the server closes them. Sooner when the server says so.
inline constexpr Duration kIdleHttp1 = seconds(3);

// What every pool of a worker shares. Outlives the pools.
struct PoolContext {
  Scheduler& scheduler;
  CodecContext codec;
  Dialer& dialer;
  HttpLimits limits;        // those of the newest snapshot; new connections take them
  EventLog* log = nullptr;  // nullptr: nothing is told
  Duration idle_http1 = kIdleHttp1;
};

class ConnectionPool {
 public:
  static constexpr Duration kIdleHttp2 = seconds(60);

  // `health` hears what becomes of dials, and outlives the pool. `protocol`: with TLS the one that
  // is expected until a handshake tells.
  ConnectionPool(PoolContext& context, const Address& address, std::string name,
                 EndpointHealth& health, Protocol protocol, std::shared_ptr<const Channel> channel);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Calls `waiter` back: at once when a connection has room, else later from the loop.
  void acquire(StreamWaiter& waiter, Reuse reuse);

  // Opens a connection that nobody waits for, unless one is on its way.
  void dial_ahead() {
    if (dialing_count_ == 0) dial();
  }

  // Takes over a connection to the pool's address over its channel, that somebody else opened.
  void adopt(Dialed dialed);
  // Closes idle connections and drains the others; the pool goes when it is empty.
  void drain();
  bool empty() const { return connections_ == 0 && waiting_count_ == 0; }

  struct Counts {
    uint32_t active = 0;  // connections with a stream
    uint32_t idle = 0;
    uint32_t dialing = 0;
  };
  Counts counts();

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  const std::shared_ptr<const Channel>& channel() const { return channel_; }
  PoolContext& context() { return context_; }

 private:
  friend class UpstreamConnection;
  friend class StreamWaiter;

  void wait(StreamWaiter& waiter, Reuse reuse);
  UpstreamConnection& begin_connection();
  void dial() { begin_connection().dial(); }
  // How many waiters the dials under way will serve.
  uint32_t expected_room() const;
  UpstreamConnection* find_ready(Reuse reuse);
  void give_stream(StreamWaiter& waiter, UpstreamConnection& connection);
  // `fresh`: the connection has just been opened.
  void serve_waiting(UpstreamConnection& connection, bool fresh);
  // Those who have waited since then, or longer.
  void fail_waiting(const DialFailure& failure, MonoTime since);
  // From connections. What is to be spoken on a new one; nothing: the server did not agree.
  std::optional<Protocol> agreed(const Dialed& dialed);
  void on_open(UpstreamConnection& connection);
  void on_dial_failed(UpstreamConnection& connection, const DialFailure& failure);
  void on_room(UpstreamConnection& connection);
  void on_closed(UpstreamConnection& connection, bool was_dialing);
  void place(UpstreamConnection& connection);

  PoolContext& context_;
  Address address_;
  std::string name_;
  EndpointHealth& health_;
  Protocol protocol_;
  std::shared_ptr<const Channel> channel_;
  IntrusiveList<StreamWaiter> waiting_;
  IntrusiveList<StreamWaiter> waiting_fresh_;
  uint32_t waiting_count_ = 0;  // in both
  // A connection is in exactly one of these.
  IntrusiveList<UpstreamConnection> ready_;  // room for a stream; the next to get one in front
  IntrusiveList<UpstreamConnection> full_;   // no room now
  IntrusiveList<UpstreamConnection> dialing_;
  uint32_t dialing_count_ = 0;
  uint32_t connections_ = 0;
};

}  // namespace woad
