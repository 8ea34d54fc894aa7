// All workers of the process, asked as one from the control loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "proxy/net/loop.h"
#include "proxy/server/worker.h"

namespace woad {

// Control loop. Every `done` is called on it too, once all workers have answered.
class Workers {
 public:
  // Of each worker, in order.
  using Sockets = std::vector<std::vector<ListeningSocket>>;

  Workers(Loop& control, TapHub& taps) : control_(control), taps_(taps) {}

  // Starts `count` of them. Once.
  void start(size_t count, const std::function<uint64_t()>& random_seed);
  void stop_and_join();
  size_t count() const { return workers_.size(); }
  ProcessMemory& memory() { return memory_; }

  // See Worker::adopt; `done` follows when all have it.
  void adopt(const std::shared_ptr<const Snapshot>& snapshot, Sockets sockets,
             const std::function<SpanQueue*(size_t)>& spans, std::function<void()> done);
  void begin_drain_inbound();
  void close(Direction direction);

  void ask_active(std::function<void(size_t)> done);
  void ask_metrics(std::function<void(MetricsSnapshot)> done);
  void ask_plaintext_callers(std::function<void(PlaintextCallers)> done);
  void ask_endpoints(std::function<void(EndpointsActive)> done);

 private:
  // `add` takes each answer into the sum, with which `done` follows the last.
  template <class Part>
  void gather(void (Worker::*ask)(std::function<void(Part)>), void (*add)(Part& sum, const Part&),
              std::function<void(Part)> done);

  Loop& control_;
  TapHub& taps_;
  std::atomic<uint32_t> client_connections_{0};
  ProcessMemory memory_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace woad
