// An inbound listener's clients over memory: handshake, connection, exchanges, and the app behind.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "config/load.h"
#include "filters/registry.h"
#include "proxy/exchange/mirror.h"
#include "proxy/server/client_handshake.h"
#include "proxy/server/downstream_connection.h"
#include "proxy/snapshot/compile.h"
#include "tests/net/tls/peer.h"
#include "tests/support/workloads.h"
#include "tests/upstream/fake_dialer.h"

namespace woad::test {

// A file of one inbound listener, `settings` in its map; the chain is peer_identity.
inline std::string inbound_file(std::string_view settings) {
  return "node: { service: price }\n"
         "tls: { certificate: c, key: k, trust_bundle: b }\n"
         "filters: { inbound: [peer_identity] }\n"
         "inbound: [ { address: 127.0.0.1:15006, app: 127.0.0.1:8080, " +
         std::string(settings) + " } ]\n";
}

inline std::shared_ptr<const Snapshot> inbound_snapshot(std::string_view settings,
                                                        TlsContext::Ptr own) {
  config::LoadResult loaded =
      config::load_text(inbound_file(settings), "test.yaml", config::Environment::none());
  REQUIRE_MESSAGE(loaded.config != nullptr, loaded.diagnostics.text());
  SnapshotTls tls;
  tls.own.context = std::move(own);
  auto snapshot = compile(*loaded.config, filter_registry(), {}, std::move(tls), nullptr, 1,
                          loaded.diagnostics);
  REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
  return snapshot;
}

class InboundRig final : private ClientHandshakeHost,
                         private ConnectionHost,
                         private RestingClientHost {
 public:
  explicit InboundRig(std::string_view settings = "mtls: strict",
                      TlsContext::Ptr own = workloads().price_context)
      : snapshot(inbound_snapshot(settings, std::move(own))) {
    world.scheduler.set_wall(kCertificateNow);
    world.context.limits = snapshot->limits;
    view_ = ViewRef(new SnapshotView(snapshot, live_pools_, views_alive_));
  }
  ~InboundRig() {
    while (!handshakes_.empty()) delete &handshakes_.pop_front();
    while (!connections_.empty()) delete &connections_.pop_front();
    while (!resting_.empty()) delete &resting_.pop_front();
    world.turn();
    view_ = ViewRef();
  }

  // A client arrives; what it says and hears goes over the peer.
  MemoryPeer& client() { return client(nullptr); }
  // The same, redirected on its way to `original`.
  MemoryPeer& redirected(std::string_view original) {
    const Address address = *Address::parse(original);
    return client(std::make_unique<Headed>(
        Headed{.original = address,
               .there = make_destination(*spec().destinations.anywhere, address, *snapshot->health),
               .endpoint = address}));
  }
  bool connected() { return !connections_.empty(); }
  DownstreamConnection& connection() { return connections_.front(); }
  // Requests that reached the app, by the connections that were dialed for them.
  size_t dials() const { return world.dialer.calls.size(); }
  MemoryPeer& app(size_t dial = 0) {
    REQUIRE(dials() > dial);
    MemoryPeer& app = world.dialer.accept(dial);
    world.turn();
    return app;
  }
  // How many requests ended with that word as their error.
  int64_t requests(std::string_view error) const {
    int64_t count = 0;
    for (const auto& series : metrics.snapshot().series) {
      if (series.family == Family::kRequests && series.labels[4] == error) count += series.value;
    }
    return count;
  }

  WorkerContext& worker() override { return worker_; }

  PoolWorld world;
  std::shared_ptr<const Snapshot> snapshot;
  WorkerMetrics metrics;
  std::optional<TlsError> failure;  // of the last handshake that failed
  bool is_draining = false;

 private:
  MemoryPeer& client(std::unique_ptr<Headed> headed) {
    MemoryPeer& peer = peers_.emplace_back(world.scheduler, world.blocks);
    if (spec().mtls == Mtls::kOff) {
      serve({.transport = peer.connect(), .headed = std::move(headed)});
      return peer;
    }
    const bool waits = headed != nullptr && spec().mtls == Mtls::kPermissive;
    auto* handshake = new ClientHandshake(*this, world.scheduler, world.blocks, peer.connect(),
                                          snapshot->tls.own.context, spec().tls_options,
                                          seconds(10), std::move(headed));
    handshakes_.push_back(*handshake);
    if (waits) handshake->expect_server_first(ServerFirst::kSilence);
    return peer;
  }
  std::unique_ptr<ServerFirst> ask_server(const Headed& headed, ServerFirstHost& host) override {
    return woad::ask_server(host, headed, spec(), *view_, worker_, world.dialer);
  }
  ViewRef current_view() override { return view_; }
  const ListenerSpec& spec() const override { return snapshot->listeners[0]; }
  CodecContext codec_context() override { return world.context.codec; }
  bool draining() const override { return is_draining; }
  void on_connect(ClientArrival inside) override { serve(std::move(inside)); }
  void on_rest(DownstreamConnection& connection, ClientRest rest) override {
    on_connection_closed(connection);
    resting_.push_back(*new RestingClient(*this, world.scheduler, std::move(rest)));
  }
  void on_stir(RestingClient& client) override {
    client.unlink();
    world.scheduler.defer_delete(std::unique_ptr<Deferred>(&client));
    serve(client.wake(world.blocks));
  }
  void on_rested_out(RestingClient& client) override {
    on_stir(client);
    connections_.back().abort("it rested out");
  }
  void on_connection_closed(DownstreamConnection& connection) override {
    connection.unlink();
    world.scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
  }
  void on_arrival(ClientHandshake& handshake, ClientArrival arrival) override {
    forget(handshake);
    serve(std::move(arrival));
  }
  void serve(ClientArrival arrival) {
    auto* connection = new DownstreamConnection(*this, std::move(arrival));
    connections_.push_back(*connection);
    connection->start();
  }
  void on_no_arrival(ClientHandshake& handshake, TlsError error) override {
    forget(handshake);
    failure = std::move(error);
  }
  void forget(ClientHandshake& handshake) {
    handshake.unlink();
    world.scheduler.defer_delete(std::unique_ptr<Deferred>(&handshake));
  }

  EndpointRegistry registry_{world.context};
  LivePools live_pools_{registry_};
  Random random_{1};
  MirrorSet mirrors_;
  WorkerContext worker_{world.scheduler, world.blocks, world.arenas, random_, metrics, mirrors_};
  uint32_t views_alive_ = 0;
  ViewRef view_;
  IntrusiveList<ClientHandshake> handshakes_;
  IntrusiveList<RestingClient> resting_;
  IntrusiveList<DownstreamConnection> connections_;
  std::deque<MemoryPeer> peers_;
};

// A client that speaks TLS, by plain OpenSSL.
class TlsClient {
 public:
  TlsClient(InboundRig& rig, const Issued& leaf, std::vector<std::string_view> offers)
      : rig_(rig),
        peer_(rig.client()),
        tls_({.certificate = leaf.certificate,
              .key = leaf.key,
              .alpn = offers.empty() ? std::string() : alpn_wire(offers)}) {
    talk();
  }
  explicit TlsClient(InboundRig& rig) : TlsClient(rig, workloads().cart, {"http/1.1"}) {}

  void talk() { tls_.talk(peer_, rig_.world.scheduler); }
  void send(std::string_view text) {
    tls_.write(text);
    talk();
  }
  // What came since the last call.
  std::string take() {
    talk();
    return std::exchange(tls_.received, {});
  }
  OpensslPeer& tls() { return tls_; }
  bool ended() {
    talk();
    return peer_.closed();
  }

 private:
  InboundRig& rig_;
  MemoryPeer& peer_;
  OpensslPeer tls_;
};

}  // namespace woad::test
