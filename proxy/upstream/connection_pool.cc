#include "proxy/upstream/connection_pool.h"

namespace woad {
namespace {

// Streams that a dialed HTTP/2 connection will have room for; the least that RFC 9113 section 6.5.2
// recommends peers to allow.
constexpr uint32_t kExpectedStreams = 100;

}  // namespace

void StreamWaiter::stop_waiting() {
  if (pool_ == nullptr) return;
  unlink();
  --pool_->waiting_count_;
  pool_ = nullptr;
}

ConnectionPool::ConnectionPool(PoolContext& context, const Address& address, std::string name,
                               EndpointHealth& health, Protocol protocol,
                               std::shared_ptr<const Channel> channel)
    : context_(context),
      address_(address),
      name_(std::move(name)),
      health_(health),
      protocol_(protocol),
      channel_(std::move(channel)) {}

ConnectionPool::~ConnectionPool() {
  for (auto* waiting : {&waiting_, &waiting_fresh_}) {
    while (!waiting->empty()) waiting->front().stop_waiting();
  }
  for (auto* list : {&ready_, &full_, &dialing_}) {
    while (!list->empty()) delete &list->pop_front();
  }
}

void ConnectionPool::acquire(StreamWaiter& waiter, Reuse reuse) {
  if (UpstreamConnection* const ready = reuse == Reuse::kNone ? nullptr : find_ready(reuse)) {
    give_stream(waiter, *ready);
    return;
  }
  wait(waiter, reuse);
  if (waiting_count_ > expected_room()) dial();
}

// HTTP/2 tells of its room at the end of the turn, and may have lost it, or its connection, since.
UpstreamConnection* ConnectionPool::find_ready(Reuse reuse) {
  IntrusiveList<UpstreamConnection> ending;
  UpstreamConnection* found = nullptr;
  while (found == nullptr && !ready_.empty()) {
    UpstreamConnection& last_used = ready_.front();
    if (last_used.room() == 0) {
      full_.push_back(last_used);
    } else if (reuse == Reuse::kOnlySilent && last_used.is_ending()) {
      ending.push_back(last_used);
    } else {
      found = &last_used;
    }
  }
  ready_.splice_back(ending);
  return found;
}

void ConnectionPool::wait(StreamWaiter& waiter, Reuse reuse) {
  waiter.pool_ = this;
  waiter.reuse_ = reuse;
  waiter.since_ = context_.scheduler.now();
  ++waiting_count_;
  (reuse == Reuse::kNone ? waiting_fresh_ : waiting_).push_back(waiter);
}

uint32_t ConnectionPool::expected_room() const {
  return protocol_ == Protocol::kHttp2 ? dialing_count_ * kExpectedStreams : dialing_count_;
}

UpstreamConnection& ConnectionPool::begin_connection() {
  auto* connection = new UpstreamConnection(*this);
  dialing_.push_back(*connection);
  ++dialing_count_;
  ++connections_;
  return *connection;
}

void ConnectionPool::adopt(Dialed dialed) { begin_connection().adopt(std::move(dialed)); }

void ConnectionPool::give_stream(StreamWaiter& waiter, UpstreamConnection& connection) {
  RequestWriter& writer = connection.open_stream(waiter.response_sink());
  if (connection.room() == 0) {
    full_.push_back(connection);
  } else {
    ready_.push_front(connection);
  }
  waiter.on_stream(writer, connection.protocol(), connection.reused());
}

void ConnectionPool::serve_waiting(UpstreamConnection& connection, bool fresh) {
  while (connection.room() > 0) {
    auto& waiting = fresh && !waiting_fresh_.empty() ? waiting_fresh_ : waiting_;
    if (waiting.empty()) return;
    StreamWaiter& waiter = waiting.front();
    if (waiter.reuse_ == Reuse::kOnlySilent && !fresh && connection.is_ending()) return;
    waiter.stop_waiting();
    give_stream(waiter, connection);
  }
}

// The one in front takes the next stream. HTTP/1 connections have none now, so it is the one that
// became idle last; an HTTP/2 one gives its place to a fuller one alone, so that those which a
// burst has left over empty and time out.
void ConnectionPool::place(UpstreamConnection& connection) {
  if (connection.room() == 0) {
    full_.push_back(connection);
    return;
  }
  connection.unlink();
  if (ready_.empty() || connection.active_streams() >= ready_.front().active_streams()) {
    ready_.push_front(connection);
  } else {
    ready_.push_back(connection);
  }
  if (connection.active_streams() == 0) connection.start_idle_timer();
}

std::optional<Protocol> ConnectionPool::agreed(const Dialed& dialed) {
  if (channel_->tls == nullptr || protocol_ == Protocol::kTcp) return protocol_;
  const bool http2 = dialed.alpn == "h2";
  if (channel_->needs_http2 && !http2) return std::nullopt;
  protocol_ = http2 ? Protocol::kHttp2 : Protocol::kHttp11;
  return protocol_;
}

void ConnectionPool::on_open(UpstreamConnection& connection) {
  health_.reached();
  --dialing_count_;
  place(connection);
  serve_waiting(connection, true);
  // It may have less room than was expected before the handshake told the protocol.
  while (waiting_count_ > expected_room()) dial();
}

void ConnectionPool::on_room(UpstreamConnection& connection) {
  place(connection);
  if (waiting_count_ > 0 && !waiting_.empty()) serve_waiting(connection, false);
}

void ConnectionPool::fail_waiting(const DialFailure& failure, MonoTime since) {
  IntrusiveList<StreamWaiter> failed;
  for (auto* waiting : {&waiting_fresh_, &waiting_}) {
    while (!waiting->empty() && waiting->front().since_ <= since) {
      failed.push_back(waiting->front());
    }
  }
  while (!failed.empty()) {
    StreamWaiter& waiter = failed.front();
    waiter.stop_waiting();
    waiter.on_no_stream(failure);
  }
}

// A failed dial speaks for the address: all who wait hear it and may go elsewhere. Where there is
// no elsewhere, who came after it began is dialed for anew: an app whose backlog is full for a
// moment drops one SYN and accepts the next.
void ConnectionPool::on_dial_failed(UpstreamConnection& connection, const DialFailure& failure) {
  learn(health_, failure, context_.scheduler.now());
  fail_waiting(failure, channel_->sole_address ? connection.begun() : MonoTime::max());
  on_closed(connection, true);
}

void ConnectionPool::on_closed(UpstreamConnection& connection, bool was_dialing) {
  connection.unlink();
  --connections_;
  if (was_dialing) --dialing_count_;
  context_.scheduler.defer_delete(std::unique_ptr<Deferred>(&connection));
  // Requests that counted on this connection need another one.
  if (waiting_count_ > expected_room()) dial();
}

void ConnectionPool::drain() {
  for (auto* list : {&ready_, &full_}) {
    list->for_each([](UpstreamConnection& connection) { connection.drain(); });
  }
  if (waiting_count_ > 0) return;
  dialing_.for_each([](UpstreamConnection& connection) { connection.drain(); });
}

ConnectionPool::Counts ConnectionPool::counts() {
  Counts counts;
  counts.dialing = dialing_count_;
  for (auto* list : {&ready_, &full_}) {
    list->for_each([&](UpstreamConnection& connection) {
      ++(connection.active_streams() > 0 ? counts.active : counts.idle);
    });
  }
  return counts;
}

}  // namespace woad
