// The process: its life, from the start over draining to the end, and its signals.
//
//   starting ──▶ serving ──▶ draining ──▶ stopping ──▶ leaving ──▶ stopped
//       │           └──────────────────────▶┘                         ▲
//       └────────────────────────────────────────────────────────────▶┘
// Draining ends inbound alone (POST /drain) and lasts until a signal; stopping follows a signal and
// lasts until nothing has run for a while, as a busy app pauses between its calls; leaving ends
// outbound too, in the last moment of drain.timeout if not before. What is served is the business
// of Rollout (which configuration) and Deployment (by whom). The control loop runs on the thread
// that calls run(); it serves no requests but those of admin.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/server.h"
#include "proxy/net/background.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/signal.h"
#include "proxy/server/certificates.h"
#include "proxy/server/config_file.h"
#include "proxy/server/deployment.h"
#include "proxy/server/member_host.h"
#include "proxy/server/memory_watch.h"
#include "proxy/server/name_service.h"
#include "proxy/server/rollout.h"
#include "proxy/server/server_admin.h"
#include "proxy/server/suspect_watch.h"

namespace woad {

struct ServerOptions {
  std::string config_path;
  const std::vector<FilterKind>& filters;  // the registry; outlives the server
  std::optional<MemberSettings> member{};  // nothing: there is no control plane
};

class Server final : private ServerLife, private Adopter {
 public:
  // How often contexts that lingered long enough are forgotten, and certificates and suspects
  // looked at.
  static constexpr Duration kTendEvery = seconds(1);

  explicit Server(const ServerOptions& options);
  ~Server();

  // Serves until it is told to stop; returns the exit status. Errors of the start are on stderr.
  int run();

 private:
  enum class State : uint8_t { kStarting, kServing, kDraining, kStopping, kLeaving, kStopped };

  // ServerLife
  std::string not_ready() const override;
  void drain_inbound() override;
  std::optional<MemberStatus> member_status() const override;

  // Adopter
  Result<void> adopt(const LoadedConfig& next, std::function<void()> done) override;
  void on_start_failed(const std::string& errors) override;
  bool waits_for_first() const override { return member_ != nullptr; }
  void on_judged(const std::string& hash, const std::string& errors) override;

  // A control plane is to send the first file.
  void await_first();
  void watch_signals();
  void on_stop_signal();
  void begin_drain();
  void on_drain_delay_over();
  void poll_active();
  void on_active(size_t active);
  void tend();
  void stop(int exit_code);

  BlockPool blocks_;  // of admin's connections; before the loop
  Loop loop_;
  FileEvents file_events_;
  Resolver resolver_;
  TapHub taps_;
  ConfigFile source_;
  BackgroundThread background_;
  NameService names_;
  Certificates certificates_;
  Deployment deployment_;
  MemoryWatch memory_watch_;
  SuspectWatch suspects_;
  Rollout rollout_;
  ServerAdmin backend_;
  AdminServer admin_;
  FileWatch watch_;
  std::unique_ptr<SidecarMember> member_;  // with a control plane
  std::vector<std::unique_ptr<Signal>> signals_;
  Timer drain_timer_;
  Timer poll_timer_;
  Timer tend_timer_;
  MonoTime drain_deadline_{};
  int quiet_polls_ = 0;  // in a row
  State state_ = State::kStarting;
  int exit_code_ = 0;
};

}  // namespace woad
