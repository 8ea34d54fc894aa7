#include "proxy/server/workers.h"

#include <utility>

#include "proxy/net/descriptors.h"

namespace woad {
namespace {

// Of a worker: its loop, and some sockets that listen.
constexpr int kDescriptors = 8;

template <class Part>
void merge(Part& sum, const Part& part) {
  sum.merge(part);
}

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
void Workers::gather(void (Worker::*ask)(std::function<void(Part)>),
                     void (*add)(Part& sum, const Part&), std::function<void(Part)> done) {
  if (workers_.empty()) return done({});
  const auto left = std::make_shared<size_t>(workers_.size());
  const auto sum = std::make_shared<Part>();
  for (auto& worker : workers_) {
    (*worker.*ask)([this, left, sum, add, done](Part part) {
      control_.post([left, sum, add, done, part = std::move(part)] {
        add(*sum, part);
        if (--*left == 0) done(std::move(*sum));
      });
    });
  }
}

void Workers::ask_active(std::function<void(size_t)> done) {
  gather<size_t>(
      &Worker::ask_active, [](size_t& sum, const size_t& part) { sum += part; }, std::move(done));
}

void Workers::ask_metrics(std::function<void(MetricsSnapshot)> done) {
  gather<MetricsSnapshot>(&Worker::ask_metrics, merge, std::move(done));
}

void Workers::ask_plaintext_callers(std::function<void(PlaintextCallers)> done) {
  gather<PlaintextCallers>(&Worker::ask_plaintext_callers, merge, std::move(done));
}

void Workers::ask_endpoints(std::function<void(EndpointsActive)> done) {
  gather<EndpointsActive>(
      &Worker::ask_endpoints,
      [](EndpointsActive& sum, const EndpointsActive& part) {
        for (const auto& [address, active] : part) sum[address] += active;
      },
      std::move(done));
}

}  // namespace woad
