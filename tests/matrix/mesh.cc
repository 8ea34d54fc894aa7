#include "tests/matrix/mesh.h"

#include <utility>

#include "config/load.h"
#include "filters/registry.h"
#include "proxy/exchange/mirror.h"
#include "proxy/snapshot/compile.h"
#include "tests/matrix/tls_wire.h"
#include "tests/support/workloads.h"

namespace woad::test {
namespace {

std::string file_of(const Column& column, std::string_view limits) {
  const std::string_view http = column.up == Protocol::kHttp2 ? "http2" : "http1";
  return "node: { service: cart }\n"
         "outbound: [ { address: 127.0.0.1:15001 } ]\n"
         "filters: { outbound: [color_routing, timeout] }\n" +
         std::string(column.mtls ? "tls: { certificate: c, key: k, trust_bundle: b }\n" : "") +
         "services:\n"
         "  up: { protocol: " +
         std::string(column.mtls ? "auto" : http) +
         ", endpoints: [ { address: 127.0.0.1:9001 } ] }\n"
         "  empty: { endpoints: [] }\n"
         "limits: " +
         std::string(limits) + "\n";
}

std::string alpn_of(Protocol protocol) {
  return alpn_wire({protocol == Protocol::kHttp2 ? "h2" : "http/1.1"});
}

std::shared_ptr<const TlsServerOptions> answers_with(std::string alpn) {
  return std::make_shared<const TlsServerOptions>(TlsServerOptions{.alpn = std::move(alpn)});
}

}  // namespace

struct Mesh::MeshDial final : Dial {
  explicit MeshDial(UpstreamSide& of) : side(of) {}
  ~MeshDial() override { side.sink = nullptr; }
  UpstreamSide& side;
};

Mesh::Mesh(const Column& column, std::string_view limits)
    : column_(column), pools_{ground_.scheduler, ground_.codec, *this, HttpLimits{}} {
  wide_.header_bytes = 1 << 20;
  wide_.header_count = 10'000;
  wide_.target_bytes = 1 << 20;
  config::LoadResult loaded =
      config::load_text(file_of(column, limits), "test.yaml", config::Environment::none());
  REQUIRE_MESSAGE(loaded.config != nullptr, loaded.diagnostics.text());
  SnapshotTls tls;
  if (column.mtls) tls.own.context = workloads().cart_context;
  snapshot_ = compile(*loaded.config, filter_registry(), {}, std::move(tls), nullptr, 1,
                      loaded.diagnostics);
  REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
  pools_.limits = snapshot_->limits;
  view_ = ViewRef(new SnapshotView(snapshot_, registry_, random_, views_alive_));
}

// Everything that was under way ends, and nothing is left behind.
Mesh::~Mesh() {
  clients_.clear();
  while (!downstream_.empty()) delete &downstream_.pop_front();
  ground_.scheduler.end_turn();
  CHECK(active() == 0);
  CHECK(views_alive_ == 1);
  served_.clear();
  registry_.retire_all_but([](const auto&) {});
  registry_.drop_retired();
  ground_.scheduler.end_turn();
  upstreams_.clear();
  view_ = ViewRef();
}

void Mesh::connect(ClientArrival arrival) {
  auto* connection = new DownstreamConnection(*this, std::move(arrival));
  downstream_.push_back(*connection);
  connection->start();
}

MemoryPeer& Mesh::raw_client() {
  MemoryPeer& peer = raw_clients_.emplace_back(ground_.scheduler, ground_.blocks);
  connect({.transport = peer.connect()});
  return peer;
}

std::unique_ptr<Wire> Mesh::downstream_wire() {
  if (!column_.mtls) return std::make_unique<PlainWire>(ground_.scheduler, ground_.blocks);
  TlsClientOptions asks;
  asks.sni = "cart";
  asks.alpn = alpn_of(column_.down);
  return std::make_unique<TlsWire>(
      ground_.scheduler, ground_.blocks,
      TlsEnds{workloads().price_context, std::make_shared<const TlsClientOptions>(std::move(asks)),
              snapshot_->tls.own.context, answers_with(alpn_wire({"h2", "http/1.1"}))});
}

std::unique_ptr<Wire> Mesh::upstream_wire(const Channel& channel) {
  if (channel.tls == nullptr) return std::make_unique<PlainWire>(ground_.scheduler, ground_.blocks);
  return std::make_unique<TlsWire>(
      ground_.scheduler, ground_.blocks,
      TlsEnds{channel.tls, channel.tls_options, workloads().price_context,
              answers_with(alpn_of(column_.up))});
}

ClientEnd& Mesh::client_with_room() {
  for (ClientSide& client : clients_) {
    if (client.end->room() > 0) return *client.end;
  }
  ClientSide& client = clients_.emplace_back();
  client.wire = downstream_wire();
  WireEnd ours = client.wire->server_end();
  CHECK((ours.peer != nullptr) == column_.mtls);
  connect({.transport = std::move(ours.transport),
           .alpn = std::move(ours.alpn),
           .identity = std::move(ours.peer),
           .tls = snapshot_->tls.own.context});
  client.end = std::make_unique<ClientEnd>(ground_, client.wire->client_end().transport,
                                           column_.down, wide_);
  return *client.end;
}

Call& Mesh::call(const Call::Ask& ask) { return client_with_room().call(ask); }

Served& Mesh::served(size_t index) {
  REQUIRE(index < served_.size());
  return served_[index];
}

uint32_t Mesh::active() {
  uint32_t active = 0;
  registry_.for_each([&](EndpointState& state) { active += state.active; });
  return active;
}

void Mesh::on_connection_closed(DownstreamConnection& connection) {
  connection.unlink();
  ground_.scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
}

std::unique_ptr<Dial> Mesh::dial(const Address&, const std::shared_ptr<const Channel>& channel,
                                 DialSink& sink) {
  UpstreamSide& side = upstreams_.emplace_back();
  side.channel = channel;
  side.sink = &sink;
  return std::make_unique<MeshDial>(side);
}

bool Mesh::finish_dials() {
  bool any = false;
  for (size_t i = 0; i < upstreams_.size(); ++i) {  // a failed dial may begin another one
    UpstreamSide& side = upstreams_[i];
    if (side.sink == nullptr) continue;
    any = true;
    finish_dial(side, *std::exchange(side.sink, nullptr));
  }
  return any;
}

void Mesh::finish_dial(UpstreamSide& side, DialSink& sink) {
  if (refuse_dials) {
    sink.on_dial_failed({"connection_refused", "127.0.0.1:9001: connection refused"});
    return;
  }
  side.wire = upstream_wire(*side.channel);
  side.end = std::make_unique<ServerEnd>(ground_, side.wire->server_end().transport, column_.up,
                                         wide_, handler, served_);
  WireEnd ours = side.wire->client_end();
  CHECK((ours.peer != nullptr) == column_.mtls);
  const WallTime until = ours.peer == nullptr ? WallTime::max() : ours.peer->not_after;
  sink.on_dialed({std::move(ours.transport), std::move(ours.alpn), until});
}

bool Mesh::step() {
  bool moved = !ground_.scheduler.turn_is_over();
  ground_.scheduler.end_turn();
  moved = finish_dials() || moved;
  for (ClientSide& client : clients_) {
    moved = client.wire->pump() || moved;
    client.end->reap();
  }
  for (UpstreamSide& upstream : upstreams_) {
    if (upstream.end == nullptr) continue;
    moved = upstream.wire->pump() || moved;
    upstream.end->reap();
  }
  return moved || !ground_.scheduler.turn_is_over();
}

void Mesh::run() {
  constexpr int kEnough = 100'000;
  for (int i = 0; i < kEnough; ++i) {
    if (!step()) return;
  }
  FAIL("the mesh does not come to rest");
}

void Mesh::pass(Duration time) {
  ground_.scheduler.advance(ground_.scheduler.now() + time);
  run();
}

}  // namespace woad::test
