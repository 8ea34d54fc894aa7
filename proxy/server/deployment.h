// Puts a loaded configuration to work: sockets are bound first, then everything takes it over.
//
// Control loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proxy/admin/server.h"
#include "proxy/health/prober.h"
#include "proxy/net/loop.h"
#include "proxy/otlp/exporter.h"
#include "proxy/server/workers.h"
#include "proxy/snapshot/config_loader.h"

namespace woad {

class Deployment {
 public:
  using ApplyAdmin = std::function<Result<void>(const AdminAddresses&)>;

  // All outlive it; `blocks` outlives the loop as well.
  Deployment(Loop& loop, BlockPool& blocks, TapHub& taps, ApplyAdmin apply_admin);

  // With the first one the workers start. On an error nothing has changed; else `done` follows when
  // all workers have it.
  Result<void> adopt(const LoadedConfig& next, std::function<void()> done);

  Workers& workers() { return workers_; }
  // What the control loop counts of its own: probes and their handshakes.
  MetricsSnapshot probe_metrics() const { return probe_metrics_.snapshot(); }
  // Both nullptr before the first adopt().
  OtlpExporter* exporter() const { return exporter_.get(); }
  const config::Config* config() const { return config_.get(); }

 private:
  Result<Workers::Sockets> open_sockets(const Snapshot& next) const;
  void start_workers(const config::Config& config);
  void configure(const LoadedConfig& next);

  Loop& loop_;
  BlockPool& blocks_;
  ApplyAdmin apply_admin_;
  std::unique_ptr<OtlpExporter> exporter_;  // made with the workers, who write to its queues
  WorkerMetrics probe_metrics_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<Prober> prober_;  // made with the workers
  Workers workers_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace woad
