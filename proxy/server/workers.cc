#include "proxy/server/workers.h"

#include <map>
#include <string>
#include <utility>

#include "proxy/net/descriptors.h"

namespace woad {
namespace {

// Of a worker: its loop, and some sockets that listen.
constexpr int kDescriptors = 8;

}  // namespace

void Workers::start(size_t count, const std::function<uint64_t()>& random_seed) {
  const int taken = descriptors_in_use() + kDescriptors * static_cast<int>(count);
  const DescriptorShares shares = DescriptorShares::of(raise_descriptor_limit(), taken);
  for (size_t i = 0; i < count; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(random_seed(), client_connections_, memory_, shares, taps_));
    workers_.back()->start();
  }
}

void Workers::stop_and_join() {
  for (auto& worker : workers_) worker->stop_and_join();
}

void Workers::adopt(const std::shared_ptr<const Snapshot>& snapshot, Sockets sockets,
                    const std::function<SpanQueue*(size_t)>& spans, std::function<void()> done) {
  if (workers_.empty()) return done();
  const auto left = std::make_shared<size_t>(workers_.size());
  const auto one_has_it = [this, left, done = std::move(done)] {
    control_.post([left, done] {
      if (--*left == 0) done();
    });
  };
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->adopt(snapshot, std::move(sockets[i]), spans(i), one_has_it);
  }
}

void Workers::begin_drain_inbound() {
  for (auto& worker : workers_) worker->begin_drain_inbound();
}

void Workers::close(Direction direction) {
  for (auto& worker : workers_) worker->close(direction);
}

template <class Part>
void Workers::gather(void (Worker::*ask)(std::function<void(Part)>), std::function<void(Part)> add,
                     std::function<void()> done) {
  if (workers_.empty()) return done();
  const auto left = std::make_shared<size_t>(workers_.size());
  for (auto& worker : workers_) {
    (*worker.*ask)([this, left, add, done](Part part) {
      control_.post([left, add, done, part = std::move(part)]() mutable {
        add(std::move(part));
        if (--*left == 0) done();
      });
    });
  }
}

void Workers::ask_active(std::function<void(size_t)> done) {
  const auto active = std::make_shared<size_t>(0);
  gather<size_t>(
      &Worker::ask_active, [active](size_t part) { *active += part; },
      [active, done = std::move(done)] { done(*active); });
}

void Workers::ask_metrics(std::function<void(MetricsSnapshot)> done) {
  const auto merged = std::make_shared<MetricsSnapshot>();
  gather<MetricsSnapshot>(
      &Worker::ask_metrics, [merged](const MetricsSnapshot& part) { merged->merge(part); },
      [merged, done = std::move(done)] { done(std::move(*merged)); });
}

void Workers::ask_plaintext_callers(std::function<void(PlaintextCallers)> done) {
  const auto merged = std::make_shared<PlaintextCallers>();
  gather<PlaintextCallers>(
      &Worker::ask_plaintext_callers,
      [merged](const PlaintextCallers& part) { merged->merge(part); },
      [merged, done = std::move(done)] { done(std::move(*merged)); });
}

void Workers::ask_endpoints(std::function<void(std::vector<EndpointLoad>)> done) {
  const auto sum = std::make_shared<std::map<std::string, EndpointLoad>>();
  gather<std::vector<EndpointLoad>>(
      &Worker::ask_endpoints,
      [sum](const std::vector<EndpointLoad>& part) {
        for (const EndpointLoad& load : part) {
          EndpointLoad& total = (*sum)[load.address];
          total.address = load.address;
          total.active += load.active;
          total.connections_active += load.connections_active;
          total.connections_idle += load.connections_idle;
        }
      },
      [sum, done = std::move(done)] {
        std::vector<EndpointLoad> all;
        for (auto& [address, load] : *sum) all.push_back(std::move(load));
        done(std::move(all));
      });
}

}  // namespace woad
