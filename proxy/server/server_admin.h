// What the admin endpoints ask of the process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/backend.h"
#include "proxy/member/member.h"
#include "proxy/server/certificates.h"
#include "proxy/server/deployment.h"
#include "proxy/server/memory_watch.h"
#include "proxy/server/rollout.h"

namespace woad {

// The states of the process, as far as admin sees and changes them.
class ServerLife {
 public:
  virtual std::string not_ready() const = 0;  // see AdminBackend
  virtual void drain_inbound() = 0;
  // Nothing: there is no control plane.
  virtual std::optional<MemberStatus> member_status() const = 0;

 protected:
  ~ServerLife() = default;
};

class ServerAdmin final : public AdminBackend {
 public:
  struct Parts {
    Scheduler& scheduler;
    ServerLife& life;
    Rollout& rollout;
    Certificates& certificates;
    Deployment& deployment;
    const MemoryWatch& memory;
    TapHub& taps;
  };

  // All outlive it.
  explicit ServerAdmin(const Parts& parts) : parts_(parts) {}

  std::string not_ready() const override { return parts_.life.not_ready(); }
  std::vector<std::string> warnings() override;
  ConfigStatus config_status() const override;
  std::shared_ptr<const Snapshot> snapshot() const override { return parts_.rollout.snapshot(); }
  MonoTime now() override { return parts_.scheduler.now(); }
  WallTime wall() override { return parts_.scheduler.wall(); }
  CertificateStatus certificate_status() const override { return parts_.certificates.status(); }
  TapHub& taps() override { return parts_.taps; }
  std::vector<ExtraFamily> process_metrics() override;
  void collect_metrics(std::function<void(MetricsSnapshot)> done) override {
    workers().ask_metrics([this, done = std::move(done)](MetricsSnapshot all) {
      all.merge(parts_.deployment.probe_metrics());
      done(std::move(all));
    });
  }
  void collect_plaintext_callers(std::function<void(PlaintextCallers)> done) override {
    workers().ask_plaintext_callers(std::move(done));
  }
  void collect_endpoints(std::function<void(EndpointsActive)> done) override {
    workers().ask_endpoints(std::move(done));
  }
  bool set_log_level(const std::string& level) override;
  void drain_inbound() override { parts_.life.drain_inbound(); }

 private:
  Workers& workers() { return parts_.deployment.workers(); }

  Parts parts_;
};

}  // namespace woad
