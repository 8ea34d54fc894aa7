#include "proxy/webhook/webhook.h"

#include <cstdio>
#include <utility>

namespace woad {
namespace {

void say(const std::string& line) { std::fprintf(stderr, "woad: %s\n", line.c_str()); }

}  // namespace

Webhook::Webhook(Loop& loop, BlockPool& blocks, FileEvents& events, const WebhookOptions& options)
    : options_(options),
      loop_(loop),
      blocks_(blocks),
      events_(events),
      certificate_(loop.scheduler(), events, options.certificate, CertificateKind::kServer,
                   [this](Result<TlsContext::Ptr> read) { on_certificate(std::move(read)); }),
      leave_timer_(loop.scheduler().timers(), bind_timer<&Webhook::on_left>(this)) {}

bool Webhook::start() {
  Result<InjectSettings> settings = options_.load();
  if (!settings) {
    std::fputs(settings.error().message.c_str(), stderr);
    return false;
  }
  api_.set_settings(std::move(*settings));
  Result<TlsContext::Ptr> tls = certificate_.read();
  if (!tls) {
    say(tls.error().message);
    return false;
  }
  server_.emplace(loop_, blocks_, api_, std::move(*tls));
  const Result<void> listening = server_->listen(options_.address);
  if (!listening) {
    say(listening.error().message);
    return false;
  }
  if (!options_.config.empty()) {
    config_watch_ = std::make_unique<FileWatch>(loop_.scheduler(), events_, options_.config,
                                                [this] { on_config(); });
  }
  say("the webhook serves at https://" + options_.address.to_string() + "/inject");
  return true;
}

void Webhook::on_certificate(Result<TlsContext::Ptr> read) {
  if (!read) return say("the certificate stays as it was: " + read.error().message);
  server_->set_tls(std::move(*read));
  say("new connections get the new certificate");
}

void Webhook::on_config() {
  Result<InjectSettings> settings = options_.load();
  if (!settings) return say("the settings stay as they were:\n" + settings.error().message);
  api_.set_settings(std::move(*settings));
  say("new settings from " + options_.config);
}

void Webhook::leave() {
  api_.leave();
  leave_timer_.arm(kLeave);
}

void Webhook::on_left() {
  end_ = loop_.scheduler().now() + kDrainTimeout;
  server_->drain();
}

bool Webhook::ended() const {
  return end_ && (server_->idle() || loop_.scheduler().now() >= *end_);
}

}  // namespace woad
