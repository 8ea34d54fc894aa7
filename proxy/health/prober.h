// The health checks of the process: every endpoint of a service that has one, each asked once
// however many workers, pools and snapshots there are.
//
// It lives on the control loop, which serves no requests; what it finds out stands in the
// CheckVerdict of each endpoint, which workers read. Its connections are its own, by the channels
// of the services.
#pragma once

#include <memory>
#include <unordered_map>

#include "proxy/health/checked_endpoint.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

class Prober {
 public:
  // All outlive it; connections of its own die with the scheduler's turn, behind it.
  Prober(Scheduler& scheduler, BlockPool& blocks, Dialer& dialer, WorkerMetrics& metrics,
         uint64_t seed);
  ~Prober();

  // Asks by `snapshot` from now on. An endpoint that was asked before goes on with what is known of
  // it; who is not in it any more is left alone.
  void adopt(const Snapshot& snapshot);
  size_t endpoints() const { return checked_.size(); }

 private:
  using Checked = std::unordered_map<const CheckVerdict*, std::unique_ptr<CheckedEndpoint>>;

  // How often connections to what is not asked any more are looked after.
  static constexpr Duration kSweepEvery = seconds(1);

  void keep(const std::shared_ptr<const Service>& service, const Endpoint& endpoint,
            Checked& before);
  void sweep();

  ArenaPool arenas_;
  uint64_t hostile_[kHostileCount] = {};  // a broken answer is a failed probe, and no more
  PoolContext pools_;
  EndpointRegistry connections_;
  Random random_;
  ProbeMeans means_;
  Checked checked_;
  Timer sweep_timer_;
};

}  // namespace woad
