// One event-loop thread that serves: its loop, listeners, upstream connections and metrics.
//
// A worker shares nothing with the others but the immutable snapshot and a few atomics. The public
// methods but the constructor and join() post to the worker's loop and may be called from any
// thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/admin/backend.h"
#include "proxy/base/random.h"
#include "proxy/exchange/mirror.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/log/worker_log.h"
#include "proxy/net/loop.h"
#include "proxy/observe/metrics.h"
#include "proxy/server/fault_log.h"
#include "proxy/server/listener.h"
#include "proxy/upstream/live_pools.h"

namespace woad {

// A socket that listens on an address of the snapshot, for one worker.
struct ListeningSocket {
  std::string name;  // ListenerSpec::name
  int fd = -1;       // taken over by the worker
};

class Worker {
 public:
  // How often what a reload left behind is looked after.
  static constexpr Duration kSweepEvery = seconds(1);

  Worker(uint64_t seed, std::atomic<uint32_t>& client_connections, ProcessMemory& memory,
         const DescriptorShares& shares, TapHub& taps);
  ~Worker();

  void start();
  // Ends the loop after cutting what runs, and waits for the thread.
  void stop_and_join();

  // Serves `snapshot` from now on; `sockets` are those of addresses that are new in it. Spans go to
  // `spans`, which outlives the worker; nullptr: nowhere. `done` is called on the worker's thread.
  void adopt(std::shared_ptr<const Snapshot> snapshot, std::vector<ListeningSocket> sockets,
             SpanQueue* spans, std::function<void()> done);
  // First step of the end: see Listener::begin_drain; inbound alone.
  void begin_drain_inbound();
  // Further steps: see Listener::close.
  void close(Direction direction);
  // Calls `report(requests under way)` on the worker's thread; closed connections whose last bytes
  // are not with the peer yet count as one.
  void ask_active(std::function<void(size_t)> report);
  void ask_metrics(std::function<void(MetricsSnapshot)> report);
  void ask_plaintext_callers(std::function<void(PlaintextCallers)> report);
  void ask_endpoints(std::function<void(EndpointsActive)> report);

 private:
  void do_adopt(std::shared_ptr<const Snapshot> snapshot, std::vector<ListeningSocket> sockets);
  void retire_older();
  void sweep();
  void update_gauges();
  void add_connections(const Service& service, const Pool& pool, ConnectionPool::Counts& sum);
  void set_connections(std::string_view name, const ConnectionPool::Counts& counts);

  BlockPool blocks_;  // before the loop, whose last connections hold blocks
  ArenaPool arenas_;
  Loop loop_;
  Random random_;
  WorkerMetrics metrics_;
  uint32_t views_alive_ = 0;
  std::unique_ptr<Dialer> dialer_;
  FaultLog faults_;
  CodecContext codec_;
  PoolContext pools_;
  EndpointRegistry endpoints_;
  LivePools live_pools_;
  WorkerLog log_;
  MirrorSet mirrors_;
  WorkerContext context_;
  PlaintextCallers plaintext_callers_;
  ListenerContext listener_context_;
  ViewRef view_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Listener>> retired_;  // until their connections have ended
  Timer sweep_timer_;
  std::thread thread_;
};

}  // namespace woad
