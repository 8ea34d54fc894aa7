#include "proxy/server/listener.h"

#include <algorithm>

#include "proxy/log/log.h"
#include "proxy/net/original_destination.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/server/connection_story.h"
#include "proxy/upstream/tls_results.h"

namespace woad {
namespace {

constexpr Duration kLastLook = milliseconds(1);

}  // namespace

Listener::Listener(ListenerContext& context, int socket, ViewRef view, const ListenerSpec& spec)
    : context_(context),
      name_(spec.name),
      view_(std::move(view)),
      spec_(&spec),
      last_request_timer_(context.loop.scheduler().timers(),
                          bind_timer<&Listener::end_silent>(this)),
      stall_timer_(context.loop.scheduler().timers(),
                   bind_timer<&Listener::look_for_stalls>(this)) {
  acceptor_ = std::make_unique<Acceptor>(
      context.loop, socket, [this](int client, const Address& peer) { on_accept(client, peer); },
      context.descriptor_share);
  if (spec.direction == Direction::kInbound) stall_timer_.arm(StallCount::kEvery);
}

Listener::~Listener() {
  while (!handshakes_.empty()) {
    count_connection(-1);
    delete &handshakes_.pop_front();
  }
  while (!resting_.empty()) {
    count_connection(-1);
    delete &resting_.pop_front();
  }
  while (!connections_.empty()) {
    DownstreamConnection& connection = connections_.pop_front();
    uncount(connection);
    delete &connection;
  }
}

void Listener::update(ViewRef view, const ListenerSpec& spec) {
  view_ = std::move(view);
  spec_ = &spec;
  const TlsContext::Ptr& epoch = view_->snapshot().tls.own.context;
  connections_.visit_each(
      [&](DownstreamConnection& connection) { connection.on_newer_epoch(epoch); });
}

void Listener::count_connection(int change) {
  connection_count_ += static_cast<size_t>(change);
  context_.client_connections.fetch_add(static_cast<uint32_t>(change), std::memory_order_relaxed);
  WorkerMetrics& metrics = context_.worker.metrics;
  metrics.count(Family::kClientConnections, {metrics.intern(to_string(direction()))}, change);
}

void Listener::on_accept(int socket, const Address& peer) {
  std::unique_ptr<Headed> to = spec_->redirect ? headed(socket) : nullptr;
  auto transport = make_tcp_transport(context_.loop, context_.worker.blocks, socket, peer);
  const uint32_t limit = view_->snapshot().client_connections;
  if (context_.client_connections.load(std::memory_order_relaxed) >= limit) {
    refuse(std::move(transport), Refused::kOverLimit);
    return;
  }
  if (to == nullptr && is_stranger(peer)) {
    refuse(std::move(transport), Refused::kStranger);
    return;
  }
  count_connection(1);
  tell_connected(context_.worker, peer, name_);
  if (spec_->mtls == Mtls::kOff) {
    serve({.transport = std::move(transport), .headed = std::move(to)});
  } else {
    shake_hands(std::move(transport), std::move(to));
  }
}

std::unique_ptr<Headed> Listener::headed(int socket) {
  const Address original = original_destination(socket);
  const Snapshot& snapshot = view_->snapshot();
  if (!original.valid()) return nullptr;
  const auto& ports = snapshot.own_ports;
  const bool ours =
      std::find(ports.begin(), ports.end(), original.port()) != ports.end() && is_own(original);
  if (ours && original.port() == spec_->address.port()) return nullptr;
  // What other pods may call is the app, never another listener of ours.
  const bool open = !ours || direction() == Direction::kOutbound;
  return std::make_unique<Headed>(Headed{
      .original = original, .there = open ? destination(original) : nullptr, .endpoint = original});
}

std::shared_ptr<const ServiceEntry> Listener::destination(const Address& original) {
  if (spec_->destinations.none()) return nullptr;
  context_.on_destination();
  return destinations_.at(spec_->destinations, original, *view_->snapshot().health);
}

std::unique_ptr<ServerFirst> Listener::ask_server(const Headed& headed, ServerFirstHost& host) {
  return woad::ask_server(host, headed, *spec_, *view_, context_.worker, context_.dialer);
}

bool Listener::is_stranger(const Address& peer) const {
  return spec_->serves_own_pod() && !is_own(peer);
}

// A client of plaintext HTTP is told so by its first answer; for more than that there is no room:
// whoever shakes hands, says nothing HTTP or is one of too many finds a closed connection.
void Listener::refuse(std::unique_ptr<Transport> client, Refused why) {
  const bool told = spec_->mtls == Mtls::kOff && spec_->protocol != ListenerProtocol::kTcp;
  if (!told || refusals_ == kMostRefusals) return;
  ++refusals_;
  serve({.transport = std::move(client), .refused = why});
}

void Listener::uncount(const DownstreamConnection& connection) {
  if (connection.refused()) {
    --refusals_;
  } else if (!connection.inside_connect()) {  // what is inside has no socket of its own
    count_connection(-1);
  }
}

void Listener::shake_hands(std::unique_ptr<Transport> client, std::unique_ptr<Headed> headed) {
  const Snapshot& snapshot = view_->snapshot();
  const bool may_wait = headed != nullptr && spec_->mtls == Mtls::kPermissive;
  const bool opaque = may_wait && is_opaque(*spec_, *headed);
  auto* handshake =
      new ClientHandshake(*this, context_.worker.scheduler, context_.worker.blocks,
                          std::move(client), snapshot.tls.own.context, spec_->tls_options,
                          snapshot.limits.header_timeout, std::move(headed));
  handshakes_.push_back(*handshake);
  if (may_wait) handshake->expect_server_first(opaque ? Duration(0) : ServerFirst::kSilence);
}

template <class T>
void Listener::forget(T& client) {
  client.unlink();
  context_.worker.scheduler.defer_delete(std::unique_ptr<Deferred>(&client));
}

void Listener::on_arrival(ClientHandshake& handshake, ClientArrival arrival) {
  forget(handshake);
  count_handshake(context_.worker.metrics, direction(),
                  arrival.identity == nullptr ? "plaintext" : "ok");
  serve(std::move(arrival));
}

void Listener::on_no_arrival(ClientHandshake& handshake, TlsError error) {
  forget(handshake);
  count_connection(-1);
  count_handshake(context_.worker.metrics, direction(), to_string(error.kind));
  // A client that goes, or never says anything, is no news (a TCP probe, a port scan).
  const bool silent = error.kind == TlsError::Kind::kLost || error.kind == TlsError::Kind::kTimeout;
  tell_gone(context_.worker, handshake.client(), 0, error.message);
  if (silent) return;
  if (context_.handshake_log.admit(context_.worker.scheduler.now())) {
    log_warn("a TLS handshake failed", {{"listener", name_},
                                        {"client", handshake.client().to_string()},
                                        {"why", error.message},
                                        {"untold", context_.handshake_log.take_untold()}});
  }
}

DownstreamConnection& Listener::serve(ClientArrival arrival) {
  auto* connection = new DownstreamConnection(*this, std::move(arrival));
  connections_.push_back(*connection);
  connection->start();
  // Its handshake may have begun before an update.
  connection->on_newer_epoch(view_->snapshot().tls.own.context);
  return *connection;
}

void Listener::on_rest(DownstreamConnection& connection, ClientRest rest) {
  forget(connection);
  resting_.push_back(*new RestingClient(*this, context_.worker.scheduler, std::move(rest)));
}

DownstreamConnection& Listener::wake(RestingClient& client) {
  forget(client);
  return serve(client.wake(context_.worker.blocks));
}

void Listener::on_rested_out(RestingClient& client) {
  wake(client).abort("nothing came within limits.idle_timeout");
}

void Listener::look_for_stalls() {
  connections_.visit_each([](DownstreamConnection& connection) { connection.look_for_stall(); });
  stall_timer_.arm(StallCount::kEvery);
}

void Listener::on_connection_closed(DownstreamConnection& connection) {
  uncount(connection);
  forget(connection);
}

void Listener::begin_drain() {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kDraining;
  connections_.visit_each([](DownstreamConnection& connection) { connection.announce_drain(); });
}

void Listener::close() {
  if (phase_ >= Phase::kClosed) return;
  begin_drain();
  acceptor_->take_waiting();
  acceptor_.reset();
  phase_ = Phase::kClosed;
  connections_.visit_each([](DownstreamConnection& connection) { connection.silent(); });
  last_request_timer_.arm(kLastRequest);
}

void Listener::end_silent() {
  if (phase_ == Phase::kClosed) {
    // Timers come before sockets in a turn: what came in time is read first.
    phase_ = Phase::kLastLook;
    last_request_timer_.arm(kLastLook);
    return;
  }
  phase_ = Phase::kClosed;
  while (!handshakes_.empty()) {
    count_connection(-1);
    forget(handshakes_.front());
  }
  while (!resting_.empty()) wake(resting_.front()).drain();
  connections_.visit_each([](DownstreamConnection& connection) {
    if (connection.silent()) connection.drain();
  });
  if (connections() > 0) last_request_timer_.arm(kLastRequest);
}

void Listener::abort(std::string_view why) {
  while (!resting_.empty()) wake(resting_.front()).abort(why);
  connections_.visit_each([&](DownstreamConnection& connection) { connection.abort(why); });
}

size_t Listener::active() {
  if (phase_ >= Phase::kClosed) return connections();
  size_t active = 0;
  connections_.visit_each(
      [&](DownstreamConnection& connection) { active += connection.active() ? 1 : 0; });
  return active;
}

}  // namespace woad
