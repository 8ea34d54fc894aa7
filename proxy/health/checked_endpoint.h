// One endpoint under its service's check: when it is asked, and what the answers come to.
//
//   waiting ──due──▶ asking ──answered, or the timeout is over──▶ waiting
//      ▲ └──due, but busy──▶┐
//      └────────────────────┘
// Control loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/random.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/health/probe.h"
#include "proxy/observe/metrics.h"
#include "proxy/upstream/endpoint_registry.h"

namespace woad {

inline constexpr FamilyInfo kHealthChecks{
    .name = "woad_health_checks_total",
    .help = "Probes of endpoints by their health checks, by what came of them.",
    .labels = {"service", "result"}};

// What all probes of the process share; outlives them.
struct ProbeMeans {
  PoolContext& pools;
  EndpointRegistry& connections;
  ArenaPool& arenas;
  Random& random;
  WorkerMetrics& metrics;
};

class CheckedEndpoint final : private ProbeOwner {
 public:
  // Real answers stand for so many probes in a row, and no more: an app that says it is not well
  // may answer well all the same.
  static constexpr uint32_t kMostSpared = 2;
  // Probes of an interval are spread by so much of it.
  static constexpr double kJitter = 0.1;

  // `endpoint` has an address and is in a pool of `service`, which has a check. The first probe
  // comes within an interval.
  CheckedEndpoint(ProbeMeans& means, std::shared_ptr<const Service> service,
                  const Endpoint& endpoint);
  ~CheckedEndpoint();

  // Of a newer snapshot. With another check it is asked by that within an interval, and what is
  // known of it stays until that says otherwise.
  void update(std::shared_ptr<const Service> service, const Endpoint& endpoint);

 private:
  const HealthCheck& check() const { return *service_->health_check; }
  MonoTime now() const { return means_.pools.scheduler.now(); }
  void start_anew();
  Duration of_interval(double share) const;
  void on_timer();
  void on_due();
  bool is_busy() const;
  std::unique_ptr<Probe> make_probe();
  void on_probed(ProbeResult result) override;
  // Its result is here.
  void bury_probe();
  void give_up_probe();
  void wait_for_next();
  // `result`: good, failed, not_made, spared.
  void count(std::string_view result);
  void learn(bool good, const std::string& what);
  void turn(bool healthy);
  std::string cause() const;

  ProbeMeans& means_;
  std::shared_ptr<const Service> service_;
  const Endpoint* endpoint_;
  std::unique_ptr<Probe> probe_;  // while asking
  Timer timer_;                   // to the next probe, or to the end of this one
  MonoTime next_{};               // when the next probe is due
  uint32_t spared_ = 0;           // in a row
  // The results that are alike, the latest included.
  uint32_t in_a_row_ = 0;
  bool latest_good_ = true;
  std::string latest_{};      // what the latest said
  bool all_the_same_ = true;  // all of the row said that
};

}  // namespace woad
