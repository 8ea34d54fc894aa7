#include "proxy/server/listener.h"

#include "proxy/log/log.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/server/tls_results.h"

namespace woad {
namespace {

// Written as it is: over the cap there is no exchange that could make an answer.
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "x-woad-error: overloaded\r\n"
    "proxy-status: woad; error=connection_limit_reached; details=\"limits.client_connections is "
    "reached\"\r\n"
    "content-type: text/plain; charset=utf-8\r\n"
    "content-length: 94\r\n"
    "connection: close\r\n\r\n"
    "overloaded: limits.client_connections is reached. Close idle connections, or raise the "
    "limit.\n";

// A visit may end any of them: with a connection end those inside its CONNECTs.
template <class Visit>
void visit_each(IntrusiveList<DownstreamConnection>& connections, Visit&& visit) {
  IntrusiveList<DownstreamConnection> rest;
  rest.splice_back(connections);
  while (!rest.empty()) {
    DownstreamConnection& connection = rest.pop_front();
    connections.push_back(connection);
    visit(connection);
  }
}

}  // namespace

Listener::Listener(ListenerContext& context, int socket, ViewRef view, const ListenerSpec& spec)
    : context_(context), name_(spec.name), view_(std::move(view)), spec_(&spec) {
  acceptor_ = std::make_unique<Acceptor>(
      context.loop, socket, [this](int client, const Address& peer) { on_accept(client, peer); });
}

Listener::~Listener() {
  while (!handshakes_.empty()) {
    count_connection(-1);
    delete &handshakes_.pop_front();
  }
  while (!connections_.empty()) {
    uncount(connections_.front());
    delete &connections_.pop_front();
  }
  while (!relays_.empty()) {
    count_connection(-1);
    delete &relays_.pop_front();
  }
}

void Listener::update(ViewRef view, const ListenerSpec& spec) {
  view_ = std::move(view);
  spec_ = &spec;
  const TlsContext::Ptr& epoch = view_->snapshot().tls.own.context;
  visit_each(connections_,
             [&](DownstreamConnection& connection) { connection.on_newer_epoch(epoch); });
  relays_.for_each([&](TcpRelay& relay) { relay.on_newer_epoch(epoch); });
}

void Listener::count_connection(int change) {
  connection_count_ += static_cast<size_t>(change);
  context_.client_connections.fetch_add(static_cast<uint32_t>(change), std::memory_order_relaxed);
  WorkerMetrics& metrics = context_.worker.metrics;
  metrics.count(Family::kClientConnections, {metrics.intern(to_string(direction()))}, change);
}

void Listener::on_accept(int socket, const Address& peer) {
  auto transport = make_tcp_transport(context_.loop, context_.worker.blocks, socket, peer);
  const uint32_t limit = view_->snapshot().client_connections;
  if (context_.client_connections.load(std::memory_order_relaxed) >= limit) {
    refuse(std::move(transport));
    return;
  }
  count_connection(1);
  if (spec_->mtls == Mtls::kOff) {
    serve({.transport = std::move(transport)});
  } else {
    shake_hands(std::move(transport));
  }
}

void Listener::shake_hands(std::unique_ptr<Transport> client) {
  const Snapshot& snapshot = view_->snapshot();
  auto* handshake = new ClientHandshake(*this, context_.worker.scheduler, context_.worker.blocks,
                                        std::move(client), snapshot.tls.own.context,
                                        spec_->tls_options, snapshot.limits.header_timeout);
  handshakes_.push_back(*handshake);
}

void Listener::forget(ClientHandshake& handshake) {
  handshake.unlink();
  context_.worker.scheduler.defer_delete(std::unique_ptr<Deferred>(&handshake));
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
  if (silent) {
    log_debug("a TLS handshake was not finished", {{"listener", name_}, {"why", error.message}});
  } else if (context_.handshake_log.admit(context_.worker.scheduler.now())) {
    log_warn("a TLS handshake failed", {{"listener", name_},
                                        {"why", error.message},
                                        {"untold", context_.handshake_log.take_untold()}});
  }
}

void Listener::serve(ClientArrival arrival) {
  if (spec_->protocol == ListenerProtocol::kTcp) {
    relay(std::move(arrival));
    return;
  }
  auto* connection = new DownstreamConnection(*this, std::move(arrival));
  connections_.push_back(*connection);
  connection->start();
  // Its handshake may have begun before an update.
  connection->on_newer_epoch(view_->snapshot().tls.own.context);
}

void Listener::refuse(std::unique_ptr<Transport> client) {
  Buffer answer;
  answer.append(Slice::of_static(kTooManyConnections));
  client->write(std::move(answer));
  Transport::close_after_flush(std::move(client));
}

void Listener::relay(ClientArrival client) {
  auto* relay = new TcpRelay(*this, context_.worker, std::move(client));
  relays_.push_back(*relay);
  ++relay_count_;
  const PoolInfo* pool = spec_->app->service.find_pool("", "");
  const Endpoint* app =
      view_->upstreams().pick(spec_->app->service.pool(*pool), BalancerPolicy::kRandom, nullptr);
  if (app == nullptr) {
    relay->close();
  } else {
    relay->start(context_.dialer, app->address, spec_->app->service.channel);
    relay->on_newer_epoch(view_->snapshot().tls.own.context);
  }
}

void Listener::on_connection_closed(DownstreamConnection& connection) {
  connection.unlink();
  uncount(connection);
  context_.worker.scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
}

void Listener::on_relay_closed(TcpRelay& relay) {
  relay.unlink();
  --relay_count_;
  count_connection(-1);
  context_.worker.scheduler.defer_delete(std::unique_ptr<Deferred>(&relay));
}

void Listener::begin_drain() {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kDraining;
  visit_each(connections_, [](DownstreamConnection& connection) { connection.announce_drain(); });
}

void Listener::close() {
  phase_ = Phase::kClosed;
  acceptor_.reset();
  while (!handshakes_.empty()) {
    count_connection(-1);
    forget(handshakes_.front());
  }
  visit_each(connections_, [](DownstreamConnection& connection) { connection.drain(); });
}

void Listener::abort(std::string_view why) {
  visit_each(connections_, [&](DownstreamConnection& connection) { connection.abort(why); });
  relays_.for_each([](TcpRelay& relay) { relay.close(); });
}

size_t Listener::active() {
  size_t active = relay_count_;
  visit_each(connections_,
             [&](DownstreamConnection& connection) { active += connection.active() ? 1 : 0; });
  return active;
}

}  // namespace woad
