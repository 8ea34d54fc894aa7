#include "proxy/server/worker.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/socket_dialer.h"

namespace woad {

Worker::Worker(uint64_t seed, std::atomic<uint32_t>& client_connections, ProcessMemory& memory,
               const DescriptorShares& shares, TapHub& taps)
    : random_(seed),
      dialer_(make_dialer(loop_, blocks_, &metrics_, shares.upstreams)),
      faults_(loop_.scheduler()),
      codec_{loop_.scheduler(), blocks_, metrics_.hostile(), &faults_},
      pools_{loop_.scheduler(), codec_, *dialer_, HttpLimits{}},
      endpoints_(pools_),
      live_pools_(endpoints_),
      log_(loop_.scheduler()),
      context_{loop_.scheduler(), blocks_, arenas_, random_, metrics_, mirrors_},
      listener_context_{loop_, context_, *dialer_, codec_, client_connections, shares.clients},
      sweep_timer_(loop_.scheduler().timers(), bind_timer<&Worker::sweep>(this)) {
  listener_context_.on_destination = [this] {
    if (!sweep_timer_.armed()) sweep_timer_.arm(kSweepEvery);
  };
  context_.taps = &taps;
  context_.log = &log_;
  context_.memory = &memory;
  pools_.log = &log_;
  context_.plaintext_callers = &plaintext_callers_;
  for (int kind = 0; kind < kHostileCount; ++kind) {
    metrics_.name_hostile(static_cast<size_t>(kind), to_string(static_cast<Hostile>(kind)));
  }
}

Worker::~Worker() = default;

void Worker::start() {
  thread_ = std::thread([this] {
    loop_.run();
    // What stop_and_join() cut dies while everything it refers to is still there.
    loop_.scheduler().end_turn();
  });
}

void Worker::stop_and_join() {
  loop_.post([this] {
    for (auto* list : {&listeners_, &retired_}) {
      for (auto& listener : *list) listener->abort("woad is shutting down");
    }
    loop_.stop();
  });
  thread_.join();
}

void Worker::adopt(std::shared_ptr<const Snapshot> snapshot, std::vector<ListeningSocket> sockets,
                   SpanQueue* spans, std::function<void()> done) {
  loop_.post([this, snapshot = std::move(snapshot), sockets = std::move(sockets), spans,
              done = std::move(done)]() mutable {
    context_.spans = spans;
    do_adopt(std::move(snapshot), std::move(sockets));
    done();
  });
}

void Worker::do_adopt(std::shared_ptr<const Snapshot> snapshot,
                      std::vector<ListeningSocket> sockets) {
  pools_.limits = snapshot->limits;
  view_ = ViewRef(new SnapshotView(std::move(snapshot), live_pools_, views_alive_));
  std::vector<std::unique_ptr<Listener>> before;
  before.swap(listeners_);
  for (const ListenerSpec& spec : view_->snapshot().listeners) {
    const auto open = std::find_if(before.begin(), before.end(), [&](const auto& listener) {
      return listener != nullptr && listener->name() == spec.name;
    });
    if (open != before.end()) {
      (*open)->update(view_, spec);
      listeners_.push_back(std::move(*open));
      continue;
    }
    const auto socket = std::find_if(sockets.begin(), sockets.end(), [&](const auto& candidate) {
      return candidate.name == spec.name;
    });
    if (socket == sockets.end()) continue;
    listeners_.push_back(std::make_unique<Listener>(listener_context_, socket->fd, view_, spec));
  }
  for (auto& gone : before) {
    if (gone == nullptr) continue;
    gone->close();
    retired_.push_back(std::move(gone));
  }
  retire_older();
  sweep_timer_.arm(kSweepEvery);
}

void Worker::retire_older() {
  std::vector<const Service*> services;
  for (const auto& entry : view_->snapshot().services) {
    services.push_back(&entry->service);
    if (entry->own_tls != nullptr) services.push_back(&entry->own_tls->service);
  }
  for (const ListenerSpec& spec : view_->snapshot().listeners) {
    if (spec.app != nullptr) services.push_back(&spec.app->service);
  }
  live_pools_.retire_all_but(services);
}

// Drops what only older snapshots used, once nothing uses those any more.
void Worker::sweep() {
  std::erase_if(retired_, [](const auto& listener) { return listener->connections() == 0; });
  bool left = !retired_.empty() || views_alive_ > 1;
  if (views_alive_ == 1) left = live_pools_.drop_retired() || left;
  if (left) sweep_timer_.arm(kSweepEvery);
}

void Worker::begin_drain_inbound() {
  loop_.post([this] {
    for (auto& listener : listeners_) {
      if (listener->direction() == Direction::kInbound) listener->begin_drain();
    }
  });
}

void Worker::close(Direction direction) {
  loop_.post([this, direction] {
    for (auto& listener : listeners_) {
      if (listener->direction() == direction) listener->close();
    }
  });
}

void Worker::ask_active(std::function<void(size_t)> report) {
  loop_.post([this, report = std::move(report)] {
    size_t active = loop_.has_owned() ? 1 : 0;
    for (auto* list : {&listeners_, &retired_}) {
      for (auto& listener : *list) active += listener->active();
    }
    report(active);
  });
}

void Worker::ask_metrics(std::function<void(MetricsSnapshot)> report) {
  loop_.post([this, report = std::move(report)] {
    update_gauges();
    report(metrics_.snapshot());
  });
}

void Worker::ask_plaintext_callers(std::function<void(PlaintextCallers)> report) {
  loop_.post([this, report = std::move(report)] { report(plaintext_callers_); });
}

void Worker::ask_endpoints(std::function<void(EndpointsActive)> report) {
  loop_.post([this, report = std::move(report)] {
    EndpointsActive active;
    endpoints_.for_each([&](EndpointState& state) { active[state.name()] += state.active; });
    report(std::move(active));
  });
}

// Gauges are counted when somebody asks, not on the data path.
void Worker::update_gauges() {
  ConnectionPool::Counts passed;
  live_pools_.for_each_unlisted([&](const Service& service, const Pool& pool) {
    if (service.name() == kPassthrough) add_connections(service, pool, passed);
  });
  set_connections(kPassthrough, passed);
  for (const auto& entry : view_->snapshot().services) {
    ConnectionPool::Counts sum;
    for (const Pool& pool : entry->service.pools()) add_connections(entry->service, pool, sum);
    set_connections(entry->service.name(), sum);
  }
}

void Worker::add_connections(const Service& service, const Pool& pool,
                             ConnectionPool::Counts& sum) {
  for (const Endpoint& endpoint : pool.endpoints) {
    EndpointState* state = endpoints_.find(endpoint, *service.channel);
    if (state == nullptr) continue;
    state->for_each_pool([&](ConnectionPool& connections) {
      const ConnectionPool::Counts counts = connections.counts();
      sum.active += counts.active;
      sum.idle += counts.idle;
    });
  }
}

// A service that never had any has no series.
void Worker::set_connections(std::string_view name, const ConnectionPool::Counts& counts) {
  const auto service = metrics_.intern(name);
  const auto active = metrics_.intern("active");
  const auto idle = metrics_.intern("idle");
  const bool none = counts.active + counts.idle == 0;
  if (none && !metrics_.has(Family::kUpstreamConnections, {service, idle})) return;
  metrics_.set(Family::kUpstreamConnections, {service, active}, counts.active);
  metrics_.set(Family::kUpstreamConnections, {service, idle}, counts.idle);
}

}  // namespace woad
