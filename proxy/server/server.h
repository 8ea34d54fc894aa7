// The process: control loop, workers, configuration, admin, signals, the end.
//
//   starting ──▶ serving ──▶ draining ──▶ stopping ──▶ stopped
//       │           └──────────────────────▶┘            ▲
//       └───────────────────────────────────────────────▶┘
// Draining ends inbound alone (POST /drain) and lasts until a signal; stopping follows a signal.
// The control loop runs on the thread that calls run(); it serves no requests but those of admin.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/backend.h"
#include "proxy/admin/server.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/net/socket.h"
#include "proxy/otlp/exporter.h"
#include "proxy/server/certificates.h"
#include "proxy/server/config_loader.h"
#include "proxy/server/name_service.h"
#include "proxy/server/worker.h"

namespace woad {

struct ServerOptions {
  std::string config_path;
  const std::vector<FilterKind>& filters;  // the registry; outlives the server
};

class Server final : private AdminBackend {
 public:
  // Names are waited for that long before the sidecar goes on without their addresses.
  static constexpr Duration kNamesWait = seconds(5);
  // How often contexts that lingered long enough are forgotten, and certificates looked at.
  static constexpr Duration kTendEvery = seconds(1);

  explicit Server(ServerOptions options);
  ~Server();

  // Serves until it is told to stop; returns the exit status. Errors of the start are on stderr.
  int run();

 private:
  enum class State : uint8_t { kStarting, kServing, kDraining, kStopping, kStopped };
  // kRefresh: the same file, and what it refers to has changed (addresses of names, certificates).
  enum class Cause : uint8_t { kBoot, kReload, kRefresh };

  // AdminBackend
  std::string not_ready() const override;
  std::vector<std::string> warnings() override;
  ConfigStatus config_status() const override { return status_; }
  std::shared_ptr<const Snapshot> snapshot() const override { return running_; }
  MonoTime now() override { return loop_.scheduler().now(); }
  WallTime wall() override { return loop_.scheduler().wall(); }
  CertificateStatus certificate_status() const override { return certificates_.status(); }
  TapHub& taps() override { return taps_; }
  std::vector<ExtraFamily> process_metrics() override;
  void collect_metrics(std::function<void(MetricsSnapshot)> done) override;
  void collect_plaintext_callers(std::function<void(PlaintextCallers)> done) override;
  void collect_endpoints(std::function<void(std::vector<EndpointLoad>)> done) override;
  bool set_log_level(const std::string& level) override;
  void drain_inbound() override;

  bool boot();
  void watch_signals();
  void reload();
  void on_loaded(LoadedConfig loaded, Cause cause);
  void on_names_changed();
  void on_names_wait_over();
  void on_certificates_changed();
  void refresh();
  void on_refreshed(LoadedConfig loaded, bool names_changed);
  void publish(LoadedConfig loaded, Cause cause);
  Result<std::vector<std::vector<ListeningSocket>>> open_sockets(const Snapshot& snapshot) const;
  void adopt(const LoadedConfig& loaded, std::vector<std::vector<ListeningSocket>> sockets,
             Cause cause);
  void on_adopted(Cause cause);
  void reject(const std::string& errors, Cause cause);
  void start_workers(const config::Config& config);
  void trace_as(const config::Config& config);

  void on_stop_signal();
  void begin_drain();
  void on_drain_delay_over();
  void poll_active();
  void on_active(size_t active);
  void tend();
  void stop(int exit_code);

  // Asks every worker. `add` takes each answer, `done` follows the last; both on this loop.
  template <class Part>
  void gather(void (Worker::*ask)(std::function<void(Part)>), std::function<void(Part)> add,
              std::function<void()> done) {
    auto left = std::make_shared<size_t>(workers_.size());
    for (auto& worker : workers_) {
      (*worker.*ask)([this, left, add, done](Part part) {
        loop_.post([left, add, done, part = std::move(part)]() mutable {
          add(std::move(part));
          if (--*left == 0) done();
        });
      });
    }
  }

  ServerOptions options_;
  BlockPool blocks_;  // of admin's connections; before the loop
  Loop loop_;
  ConfigLoader loader_;
  NameService names_;
  std::atomic<uint32_t> client_connections_{0};
  TapHub taps_;
  std::unique_ptr<OtlpExporter> exporter_;  // made with the workers, who write to its queues
  std::vector<std::unique_ptr<Worker>> workers_;
  AdminServer admin_;
  std::unique_ptr<FileWatch> watch_;
  std::vector<std::unique_ptr<Signal>> signals_;
  std::shared_ptr<const Snapshot> running_;
  std::vector<std::string> running_names_;
  Certificates certificates_;
  // Since what runs was compiled.
  bool names_changed_ = false;
  bool certificates_changed_ = false;
  LoadedConfig waiting_;  // loaded, and its names are being resolved
  Cause waiting_cause_ = Cause::kBoot;
  ConfigStatus status_;
  config::Drain drain_;
  size_t adopting_ = 0;  // workers that have not taken the newest snapshot yet
  Timer names_timer_;
  Timer drain_timer_;
  Timer poll_timer_;
  Timer tend_timer_;
  MonoTime drain_deadline_{};
  State state_ = State::kStarting;
  int exit_code_ = 0;
};

}  // namespace woad
