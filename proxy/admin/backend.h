// What the admin endpoints ask of the server. Implemented by Server; called on the control loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/admin/certs.h"
#include "proxy/base/time.h"
#include "proxy/observe/metrics.h"
#include "proxy/observe/prometheus.h"
#include "proxy/observe/tap_hub.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// How the running configuration came to be, for /config/status.
struct ConfigStatus {
  std::string version;
  std::string hash;
  WallTime loaded_at{};
  std::string last_error;  // of the newest load; "" when it succeeded
  std::string source;      // path of the file
  uint64_t reloads_success = 0;
  uint64_t reloads_rejected = 0;
  uint64_t reloads_unchanged = 0;
};

// Attempts under way, by the endpoint's address.
using EndpointsActive = std::map<std::string, uint32_t>;

class AdminBackend {
 public:
  // Empty: ready. Else why not, as one line.
  virtual std::string not_ready() const = 0;
  // Lines for /readyz of a process that is ready but not well ("warning: …").
  virtual std::vector<std::string> warnings() = 0;
  virtual ConfigStatus config_status() const = 0;
  // What runs; nullptr before the first configuration, of which there may be none for long only
  // beside a control plane.
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  virtual MonoTime now() = 0;
  virtual WallTime wall() = 0;
  virtual CertificateStatus certificate_status() const = 0;
  // What belongs to the process and no worker counts.
  virtual std::vector<ExtraFamily> process_metrics() = 0;
  // Asks every worker; `done` is called later, on the control loop, with a merged copy.
  virtual void collect_metrics(std::function<void(MetricsSnapshot)> done) = 0;
  virtual void collect_plaintext_callers(std::function<void(PlaintextCallers)> done) = 0;
  virtual void collect_endpoints(std::function<void(EndpointsActive)> done) = 0;
  virtual TapHub& taps() = 0;
  // Begins the graceful end of inbound; outbound serves on. Idempotent.
  virtual void drain_inbound() = 0;
  // debug, info, warn, error; false for another word.
  virtual bool set_log_level(const std::string& level) = 0;

 protected:
  ~AdminBackend() = default;
};

}  // namespace woad
