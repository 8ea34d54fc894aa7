#include "proxy/control/plane/control.h"

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "proxy/base/timer_wheel.h"
#include "proxy/control/plane/admin.h"
#include "proxy/control/plane/api.h"
#include "proxy/control/plane/plane.h"
#include "proxy/control/stores/make_store.h"
#include "proxy/net/background.h"
#include "proxy/net/descriptors.h"
#include "proxy/net/file_events.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "proxy/web/certificate.h"
#include "proxy/web/server.h"

namespace woad::control {
namespace {

constexpr Duration kLook = milliseconds(20);
// What is not taken by then is cut.
constexpr Duration kLast = seconds(2);
// Descriptors for everything that is no client of the API.
constexpr uint64_t kReserve = 64;

void say(const std::string& line) { std::fprintf(stderr, "woad: %s\n", line.c_str()); }

WebOptions api_options() {
  return {.plaintext = WebOptions::Plaintext::kLoopback,
          .connections = raise_descriptor_limit() - kReserve,
          .body = Api::kMostBody,
          // A request that waits costs less than half of it in HTTP/1.1.
          .protocols = {"http/1.1", "h2"}};
}

class Control {
 public:
  explicit Control(const ControlOptions& options)
      : options_(options),
        timer_(loop_.scheduler().timers(), bind_timer<&Control::on_timer>(this)) {}

  Result<int> run() {
    Result<TlsContext::Ptr> tls = read_certificate();
    if (!tls) return tls.error();
    Result<std::unique_ptr<Store>> store = make_store(
        options_.store, {loop_, blocks_, events_, options_.tls_folder, options_.kubeconfig});
    if (!store) return store.error();
    store_ = std::move(*store);
    plane_.emplace(Plane::Parts{loop_.scheduler(), blocks_, *store_, reading_, making_,
                                options_.filters, random_});
    api_.emplace(*plane_);
    admin_.emplace(*plane_, *api_);
    Result<void> done = listen(std::move(*tls));
    if (done) done = plane_->start();
    if (!done) return done.error();
    if (options_.webhook) {
      webhook_.emplace(loop_, blocks_, events_, *options_.webhook);
      if (!webhook_->start()) return 1;
    }
    std::signal(SIGHUP, SIG_IGN);  // what it reads is followed as it changes
    for (const int number : {SIGTERM, SIGINT}) {
      signals_.push_back(std::make_unique<Signal>(loop_, number, [this] { on_stop(); }));
    }
    say("the control plane serves at " + options_.listen.to_string() + ", admin at " +
        options_.admin.to_string());
    loop_.run();
    return exit_;
  }

 private:
  enum class State : uint8_t { kServing, kDraining, kEnding };

  // nullptr: there is none.
  Result<TlsContext::Ptr> read_certificate() {
    if (options_.tls_folder.empty()) {
      if (!options_.listen.is_loopback()) {
        say("warning: without --tls-dir nobody but callers over loopback is served");
      }
      return TlsContext::Ptr();
    }
    certificate_ = std::make_unique<ServerCertificate>(
        loop_.scheduler(), events_, options_.tls_folder, CertificateKind::kIdentity,
        [this](Result<TlsContext::Ptr> read) { on_certificate(std::move(read)); });
    return certificate_->read();
  }

  Result<void> listen(TlsContext::Ptr tls) {
    api_server_.emplace(loop_, blocks_, *api_, std::move(tls), api_options());
    admin_server_.emplace(loop_, blocks_, *admin_, nullptr,
                          WebOptions{.plaintext = WebOptions::Plaintext::kAll});
    Result<void> listening = admin_server_->listen(options_.admin);
    if (listening) listening = api_server_->listen(options_.listen);
    return listening;
  }

  void on_certificate(Result<TlsContext::Ptr> read) {
    if (!read) return say("the certificate stays as it was: " + read.error().message);
    api_server_->set_tls(std::move(*read));
    say("new connections get the new certificate");
  }

  void on_stop() {
    if (state_ != State::kServing) {
      exit_ = 1;
      return loop_.stop();
    }
    state_ = State::kDraining;
    end_ = loop_.scheduler().now() + options_.drain_timeout;
    api_server_->stop_listening();
    plane_->drain(options_.drain_timeout);
    if (webhook_) webhook_->leave();
    timer_.arm(kLook);
  }

  void on_timer() {
    const MonoTime now = loop_.scheduler().now();
    if (state_ == State::kDraining && (plane_->files().waiting() == 0 || now >= end_)) {
      state_ = State::kEnding;
      end_ = now + kLast;
      api_server_->drain();
      admin_server_->drain();
    }
    const bool idle = api_server_->idle() && admin_server_->idle() && !loop_.has_owned();
    const bool webhook_ended = !webhook_ || webhook_->ended();
    if (state_ == State::kEnding && webhook_ended && (idle || now >= end_)) return loop_.stop();
    timer_.arm(kLook);
  }

  const ControlOptions& options_;
  BlockPool blocks_;
  Loop loop_;
  FileEvents events_{loop_};
  BackgroundThread reading_{loop_};
  BackgroundThread making_{loop_};
  Random random_{random_seed()};
  std::unique_ptr<ServerCertificate> certificate_;
  std::optional<Plane> plane_;
  std::optional<Api> api_;
  std::optional<AdminPages> admin_;
  std::optional<WebServer> api_server_;
  std::optional<WebServer> admin_server_;
  std::optional<Webhook> webhook_;
  std::vector<std::unique_ptr<Signal>> signals_;
  Timer timer_;
  MonoTime end_{};
  State state_ = State::kServing;
  int exit_ = 0;
  std::unique_ptr<Store> store_;  // ends first: what it tells goes to the plane
};

}  // namespace

Result<int> serve_control(const ControlOptions& options) { return Control(options).run(); }

}  // namespace woad::control
