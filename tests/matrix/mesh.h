// A client, the sidecar and a server in memory: what one column of the matrix runs on.
//
//   ClientEnd ── Wire ── DownstreamConnection, Exchange, ConnectionPool ── Wire ── ServerEnd
//
// Under mTLS the sidecar is `cart`, client and server are `price`. Its one listener is outbound,
// for only there services of all kinds can be called; no client of such a one has an identity, but
// what carries the bytes is the same.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/server/downstream_connection.h"
#include "proxy/upstream/live_pools.h"
#include "tests/matrix/ends.h"

namespace woad::test {

struct Column {
  std::string_view name;  // "h1-h2 mtls"
  Protocol down;
  Protocol up;
  // TLS on both sides of the sidecar, whose protocols ALPN tells; else plaintext.
  bool mtls = false;
};

class Mesh final : private ConnectionHost, private Dialer {
 public:
  // `limits`: what stands below `limits` in the sidecar's file. The ends have wide limits.
  explicit Mesh(const Column& column, std::string_view limits = "{}");
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  // A call on a connection with room, opened when there is none.
  Call& call(const Call::Ask& ask = {});
  // A client that writes bytes of its own choice.
  MemoryPeer& raw_client();
  // Lets everything happen that can happen without time going by.
  void run();
  void pass(Duration time);

  // The n-th request that came through, and how many did.
  Served& served(size_t index = 0);
  size_t served_count() const { return served_.size(); }
  size_t dials() const { return upstreams_.size(); }
  size_t client_connections() const { return clients_.size(); }
  // Attempts under way.
  uint32_t active();
  void cut_upstream(size_t dial) { upstreams_[dial].wire->cut(); }
  void drain_upstream(size_t dial) { upstreams_[dial].end->drain(); }

  // The client says that it writes nothing more; `bare`: by FIN alone, without a word of TLS.
  void end_client(size_t client, bool bare) {
    bare ? clients_[client].wire->end_client() : clients_[client].end->finish();
  }

  // What the server does with each request, on its head. Set before the call.
  ServerEnd::Handler handler;
  bool refuse_dials = false;

 private:
  struct ClientSide {
    std::unique_ptr<Wire> wire;
    std::unique_ptr<ClientEnd> end;
  };
  struct UpstreamSide {
    std::unique_ptr<Wire> wire;
    std::unique_ptr<ServerEnd> end;  // once dialed
    std::shared_ptr<const Channel> channel;
    DialSink* sink = nullptr;  // while dialing
  };
  struct MeshDial;

  ViewRef current_view() override { return view_; }
  const ListenerSpec& spec() const override { return snapshot_->listeners[0]; }
  WorkerContext& worker() override { return worker_; }
  CodecContext codec_context() override { return ground_.codec; }
  bool draining() const override { return false; }
  std::unique_ptr<ServerFirst> ask_server(const Headed&, ServerFirstHost&) override {
    return nullptr;  // nobody is redirected
  }
  void on_connect(ClientArrival inside) override { connect(std::move(inside)); }
  void on_rest(DownstreamConnection&, ClientRest) override {}  // over memory nobody does
  void on_connection_closed(DownstreamConnection& connection) override;
  std::unique_ptr<Dial> dial(const Address& address, const std::shared_ptr<const Channel>& channel,
                             DialSink& sink) override;

  void connect(ClientArrival arrival);
  std::unique_ptr<Wire> downstream_wire();
  std::unique_ptr<Wire> upstream_wire(const Channel& channel);
  ClientEnd& client_with_room();
  void finish_dial(UpstreamSide& side, DialSink& sink);
  bool finish_dials();
  bool step();

  const Column& column_;
  HttpLimits wide_;
  Ground ground_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::deque<UpstreamSide> upstreams_;
  std::deque<Served> served_;
  PoolContext pools_;
  EndpointRegistry registry_{pools_};
  LivePools live_pools_{registry_};
  Random random_{1};
  WorkerMetrics metrics_;
  MirrorSet mirrors_;
  WorkerContext worker_{ground_.scheduler, ground_.blocks, ground_.arenas,
                        random_,           metrics_,       mirrors_};
  uint32_t views_alive_ = 0;
  ViewRef view_;
  IntrusiveList<DownstreamConnection> downstream_;
  std::deque<ClientSide> clients_;
  std::deque<MemoryPeer> raw_clients_;
};

}  // namespace woad::test
