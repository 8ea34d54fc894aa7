// An outbound listener's clients over memory, what comes inside their CONNECTs, and the services
// behind.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <utility>

#include "config/load.h"
#include "filters/registry.h"
#include "proxy/exchange/mirror.h"
#include "proxy/server/downstream_connection.h"
#include "proxy/snapshot/compile.h"
#include "tests/upstream/fake_dialer.h"

namespace woad::test {

class OutboundRig final : private ConnectionHost {
 public:
  // `services` as in a file; the chain is color_routing alone.
  explicit OutboundRig(std::string_view services, std::string_view listener = {}) {
    config::LoadResult loaded = config::load_text(
        "node: { service: cart }\n"
        "filters: { outbound: [color_routing] }\n"
        "outbound: [ { address: 127.0.0.1:15001" +
            std::string(listener) + " } ]\n" + std::string(services),
        "test.yaml", config::Environment::none());
    REQUIRE_MESSAGE(loaded.config != nullptr, loaded.diagnostics.text());
    snapshot = compile(*loaded.config, filter_registry(), {}, {}, nullptr, 1, loaded.diagnostics);
    REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
    world.context.limits = snapshot->limits;
    view_ = ViewRef(new SnapshotView(snapshot, live_pools_, views_alive_));
  }
  ~OutboundRig() {
    while (!connections_.empty()) delete &connections_.pop_front();
    world.turn();
    view_ = ViewRef();
  }

  // A client arrives; what it says and hears goes over the peer.
  MemoryPeer& client() {
    MemoryPeer& peer = peers_.emplace_back(world.scheduler, world.blocks);
    serve({.transport = peer.connect()});
    return peer;
  }
  // The same, redirected on its way to `original`.
  MemoryPeer& redirected(std::string_view original) {
    const Address address = *Address::parse(original);
    MemoryPeer& peer = peers_.emplace_back(world.scheduler, world.blocks);
    auto headed = std::make_unique<Headed>(Headed{.original = address, .endpoint = address});
    if (spec().destinations.anywhere) {
      headed->there = make_destination(*spec().destinations.anywhere, address, *snapshot->health);
    }
    serve({.transport = peer.connect(), .headed = std::move(headed)});
    return peer;
  }
  // Those of clients, and those inside CONNECTs, in the order in which they came.
  std::vector<DownstreamConnection*> connections() {
    std::vector<DownstreamConnection*> all;
    connections_.for_each([&](DownstreamConnection& connection) { all.push_back(&connection); });
    return all;
  }
  size_t dials() const { return world.dialer.calls.size(); }
  const std::string& dialed(size_t dial) const { return world.dialer.calls[dial].address; }
  MemoryPeer& accept(size_t dial) {
    REQUIRE(dials() > dial);
    MemoryPeer& service = world.dialer.accept(dial);
    world.turn();
    return service;
  }

  PoolWorld world;
  std::shared_ptr<const Snapshot> snapshot;
  WorkerMetrics metrics;

 private:
  std::unique_ptr<ServerFirst> ask_server(const Headed& headed, ServerFirstHost& host) override {
    return woad::ask_server(host, headed, spec(), *view_, worker_, world.dialer);
  }
  ViewRef current_view() override { return view_; }
  const ListenerSpec& spec() const override { return snapshot->listeners[0]; }
  WorkerContext& worker() override { return worker_; }
  CodecContext codec_context() override { return world.context.codec; }
  bool draining() const override { return false; }
  void on_connect(ClientArrival inside) override { serve(std::move(inside)); }
  void on_rest(DownstreamConnection&, ClientRest) override {}  // over memory nobody does
  void on_connection_closed(DownstreamConnection& connection) override {
    connection.unlink();
    world.scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
  }
  void serve(ClientArrival arrival) {
    auto* connection = new DownstreamConnection(*this, std::move(arrival));
    connections_.push_back(*connection);
    connection->start();
  }

  EndpointRegistry registry_{world.context};
  LivePools live_pools_{registry_};
  Random random_{1};
  MirrorSet mirrors_;
  WorkerContext worker_{world.scheduler, world.blocks, world.arenas, random_, metrics, mirrors_};
  uint32_t views_alive_ = 0;
  ViewRef view_;
  IntrusiveList<DownstreamConnection> connections_;
  std::deque<MemoryPeer> peers_;
};

}  // namespace woad::test
