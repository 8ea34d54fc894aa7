// The injection webhook on a loop: POST /inject over HTTPS.
//
//   serving ──leave()──▶ leaving (not ready, serves on) ──▶ draining ──▶ (ended() is true)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proxy/base/result.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/inject/settings.h"
#include "proxy/net/address.h"
#include "proxy/net/file_events.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/loop.h"
#include "proxy/web/certificate.h"
#include "proxy/web/server.h"
#include "proxy/webhook/api.h"

namespace woad {

struct WebhookOptions {
  Address address;
  std::string certificate;  // a folder
  std::string config;       // read again when it changes; "": none
  // Reads the settings; the error is lines for people.
  std::function<Result<InjectSettings>()> load;
};

// The loop's thread.
class Webhook {
 public:
  // An API server hears of a pod's end a moment later, and a refused connection would be a pod
  // without a sidecar.
  static constexpr Duration kLeave = seconds(5);
  static constexpr Duration kDrainTimeout = seconds(20);

  // All outlive it.
  Webhook(Loop& loop, BlockPool& blocks, FileEvents& events, const WebhookOptions& options);

  // False: it cannot; stderr says why.
  bool start();
  // Once.
  void leave();
  // Everybody has been answered, or had the time.
  bool ended() const;

 private:
  void on_certificate(Result<TlsContext::Ptr> read);
  void on_config();
  void on_left();

  const WebhookOptions& options_;
  Loop& loop_;
  BlockPool& blocks_;
  FileEvents& events_;
  ServerCertificate certificate_;
  WebhookApi api_;
  std::optional<WebServer> server_;
  std::unique_ptr<FileWatch> config_watch_;
  Timer leave_timer_;
  std::optional<MonoTime> end_;  // while draining
};

}  // namespace woad
