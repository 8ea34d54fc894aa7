// One client connection: finds out the protocol, then feeds a server codec and owns the exchanges.
//
//   detecting ──▶ serving ──▶ closing ──▶ (deleted at the end of the turn)
//       └───────────────────────▶┘
//
// A client of plaintext HTTP/1 that says nothing is left to its listener (RestingClient), and gets
// a new connection when it goes on.
// What comes inside a CONNECT is such a connection, too. That and what was redirected may be
// opaque: TLS, or anything; when a redirected client is silent, its server may speak first.
// Owned by its Listener. One thread.
#pragma once

#include <memory>
#include <string>

#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/codec.h"
#include "proxy/net/tls/connection_age.h"
#include "proxy/net/transport.h"
#include "proxy/server/client_handshake.h"
#include "proxy/server/first_bytes.h"
#include "proxy/server/resting_client.h"
#include "proxy/server/server_first.h"
#include "proxy/server/stall_count.h"

namespace woad {

class DownstreamConnection;

// What a connection needs of its listener; outlives it.
class ConnectionHost {
 public:
  // The newest view and this listener in it, for the next request.
  virtual ViewRef current_view() = 0;
  virtual const ListenerSpec& spec() const = 0;
  virtual WorkerContext& worker() = 0;
  virtual CodecContext codec_context() = 0;
  // The process is ending: each connection ends with its next answer.
  virtual bool draining() const = 0;
  // Asks the server of a client that is silent; nullptr: there is none to ask.
  virtual std::unique_ptr<ServerFirst> ask_server(const Headed& headed, ServerFirstHost& host) = 0;
  // What came inside a CONNECT is a client of its own.
  virtual void on_connect(ClientArrival inside) = 0;
  // The client is kept without its connection, which ends as below.
  virtual void on_rest(DownstreamConnection& connection, ClientRest rest) = 0;
  // Unlinks and deletes the connection at the end of the turn.
  virtual void on_connection_closed(DownstreamConnection& connection) = 0;

 protected:
  ~ConnectionHost() = default;
};

class DownstreamConnection final : public Deferred,
                                   public ListLink,
                                   private TransportSink,
                                   private ServerConnection,
                                   private ExchangeOwner,
                                   private ServerFirstHost,
                                   private AgeSink {
 public:
  DownstreamConnection(ConnectionHost& host, ClientArrival arrival);
  ~DownstreamConnection() override;

  void start();
  // A request is under way. A CONNECT is not one: what comes inside speaks for itself.
  bool active();
  bool inside_connect() const { return client_.inside_connect(); }
  bool refused() const { return client_.refused != Refused::kNo; }
  // Every StallCount::kEvery: cuts a client without identity that takes nothing of its
  // answers.
  void look_for_stall();
  // Tells the client that this connection will end, without ending it: the next answer says close,
  // HTTP/2 gets its GOAWAY.
  void announce_drain();
  // Ends gracefully: after the present request, at once when idle.
  void drain();
  // Nothing is under way, and nothing was since the last call.
  bool silent();
  // The listener's TLS is of this epoch now (nullptr: it has none).
  void on_newer_epoch(const TlsContext::Ptr& epoch);
  // Cuts whatever runs.
  void abort(std::string_view why);

 private:
  enum class State : uint8_t { kDetecting, kServing, kClosing };
  // Whose first word is waited for.
  enum class Awaited : uint8_t { kClient, kEither };
  // What is needed only until it is known what is spoken.
  struct Detection {
    std::string alpn;
    Timer timer;
    std::unique_ptr<ServerFirst> server{};  // kEither; nullptr: there is none to ask
    Awaited awaited = Awaited::kClient;
    std::string prefix{};  // what came so far
    MonoTime until{};      // when the wait for the client's first word is over
  };

  void on_bytes(Slice bytes) override;
  void on_eof() override;
  void on_drained() override;
  void on_lost(std::string_view why) override;
  RequestSink& on_stream(ResponseWriter& writer) override;
  void on_codec_done() override;
  void on_quiet(MonoTime until) override;
  void on_exchange_end(Exchange& exchange) override;
  bool closing() const override { return host_.draining(); }
  void on_connect(std::unique_ptr<Transport> inside, std::string_view authority) override;
  void on_server_spoke() override;
  void on_no_server(std::string_view why) override;
  void on_old() override { drain(); }
  void on_too_old() override;

  void detect(Slice bytes);
  void feed(std::string_view prefix);
  // Whatever comes is opaque, and its server may speak first.
  bool leads_to_tcp() const;
  // A redirected client that may be relayed as it is.
  bool may_be_opaque() const;
  FirstBytes judge(std::string_view first) const;
  void ask_server();
  void serve(Protocol protocol);
  void serve_opaque(FirstBytes found);
  void on_detect_timeout();
  ConnectionAge& age();
  void close(std::string_view why);

  ConnectionHost& host_;
  std::unique_ptr<Transport> transport_;
  Client client_;
  std::unique_ptr<ServerCodec> codec_;
  IntrusiveList<Exchange> exchanges_;
  // The snapshot whose limits the codec has.
  ViewRef view_;
  std::unique_ptr<Detection> detection_;  // while detecting
  std::unique_ptr<ConnectionAge> age_;    // nullptr: nothing but its use ends it
  StallCount stalls_;
  uint32_t idle_behind_ = 0;  // the number of the request that was awaited at the last silent()
  State state_ = State::kDetecting;
};

}  // namespace woad
