#include "proxy/webhook/serve.h"

#include <csignal>
#include <memory>
#include <vector>

#include "proxy/net/signal.h"

namespace woad {
namespace {

constexpr Duration kLook = milliseconds(20);

class Process {
 public:
  explicit Process(const WebhookOptions& options)
      : webhook_(loop_, blocks_, events_, options),
        timer_(loop_.scheduler().timers(), bind_timer<&Process::on_timer>(this)) {}

  int run() {
    if (!webhook_.start()) return 1;
    std::signal(SIGHUP, SIG_IGN);  // its files are followed as they change
    for (const int number : {SIGTERM, SIGINT}) {
      signals_.push_back(std::make_unique<Signal>(loop_, number, [this] { on_stop(); }));
    }
    loop_.run();
    return exit_;
  }

 private:
  void on_stop() {
    if (timer_.armed()) {
      exit_ = 1;
      return loop_.stop();
    }
    webhook_.leave();
    timer_.arm(kLook);
  }

  void on_timer() {
    if (webhook_.ended() && !loop_.has_owned()) return loop_.stop();
    timer_.arm(kLook);
  }

  BlockPool blocks_;
  Loop loop_;
  FileEvents events_{loop_};
  Webhook webhook_;
  std::vector<std::unique_ptr<Signal>> signals_;
  Timer timer_;  // armed once it stops
  int exit_ = 0;
};

}  // namespace

int serve_webhook(const WebhookOptions& options) { return Process(options).run(); }

}  // namespace woad
