#include "proxy/webhook/webhook.h"

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/base/timer_wheel.h"
#include "proxy/net/file_events.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/web/certificate.h"
#include "proxy/web/server.h"
#include "proxy/webhook/api.h"

namespace woad {
namespace {

// An API server hears of a pod's end a moment later, and a refused connection would be a pod
// without a sidecar.
constexpr Duration kLeave = seconds(5);
constexpr Duration kDrainTimeout = seconds(20);
constexpr Duration kLook = milliseconds(20);

void say(const std::string& line) { std::fprintf(stderr, "woad: %s\n", line.c_str()); }

class Webhook {
 public:
  explicit Webhook(const WebhookOptions& options)
      : options_(options),
        certificate_(loop_.scheduler(), events_, options.certificate, CertificateKind::kServer,
                     [this](Result<TlsContext::Ptr> read) { on_certificate(std::move(read)); }),
        timer_(loop_.scheduler().timers(), bind_timer<&Webhook::on_timer>(this)) {}

  Result<int> run() {
    Result<InjectSettings> settings = options_.load();
    if (!settings) return settings.error();
    api_.set_settings(std::move(*settings));
    Result<TlsContext::Ptr> tls = certificate_.read();
    if (!tls) return Error{"woad: " + tls.error().message + "\n"};
    server_.emplace(loop_, blocks_, api_, std::move(*tls));
    const Result<void> listening = server_->listen(options_.address);
    if (!listening) return Error{"woad: " + listening.error().message + "\n"};
    watch();
    say("the webhook serves at https://" + options_.address.to_string() + "/inject");
    loop_.run();
    return exit_;
  }

 private:
  enum class State : uint8_t { kServing, kLeaving, kDraining };

  void watch() {
    for (const int number : {SIGTERM, SIGINT}) {
      signals_.push_back(std::make_unique<Signal>(loop_, number, [this] { on_stop(); }));
    }
    if (options_.config.empty()) return;
    config_watch_ = std::make_unique<FileWatch>(loop_.scheduler(), events_, options_.config,
                                                [this] { on_config(); });
  }

  void on_certificate(Result<TlsContext::Ptr> read) {
    if (!read) return say("the certificate stays as it was: " + read.error().message);
    server_->set_tls(std::move(*read));
    say("new connections get the new certificate");
  }

  void on_config() {
    Result<InjectSettings> settings = options_.load();
    if (!settings) return say("the settings stay as they were:\n" + settings.error().message);
    api_.set_settings(std::move(*settings));
    say("new settings from " + options_.config);
  }

  void on_stop() {
    if (state_ != State::kServing) {
      exit_ = 1;
      return loop_.stop();
    }
    state_ = State::kLeaving;
    api_.leave();
    timer_.arm(kLeave);
  }

  void on_timer() {
    if (state_ == State::kLeaving) {
      state_ = State::kDraining;
      end_ = loop_.scheduler().now() + kDrainTimeout;
      server_->drain();
    }
    const bool late = loop_.scheduler().now() >= end_;
    if (late || (server_->idle() && !loop_.has_owned())) return loop_.stop();
    timer_.arm(kLook);
  }

  const WebhookOptions& options_;
  BlockPool blocks_;
  Loop loop_;
  FileEvents events_{loop_};
  ServerCertificate certificate_;
  WebhookApi api_;
  std::optional<WebServer> server_;
  std::unique_ptr<FileWatch> config_watch_;
  std::vector<std::unique_ptr<Signal>> signals_;
  Timer timer_;
  MonoTime end_{};
  State state_ = State::kServing;
  int exit_ = 0;
};

}  // namespace

Result<int> serve_webhook(const WebhookOptions& options) { return Webhook(options).run(); }

}  // namespace woad
