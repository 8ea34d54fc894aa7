// Asks an API as somebody: with the token of a file, and the certificates of others, which are
// renewed there. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/base/scheduler.h"
#include "proxy/client/http_asker.h"
#include "proxy/control/store/kubernetes/access.h"

namespace woad::control::kubernetes {

// What is done when the files of an access have changed.
struct Renewal {
  std::function<Result<Access>()> read{};      // it anew; none: it stays as it is
  std::function<void(TlsContext::Ptr)> use{};  // for the connections to come
};

class Caller final : public HttpAsker {
 public:
  // Tokens are renewed when 80 % of their life are over (at least two minutes are left then), and
  // are to be read again at least once a minute (Kubernetes: "Configure Service Accounts").
  static constexpr Duration kReadAgain = seconds(10);

  // The scheduler outlives it. Server and path are those of `access` forever.
  Caller(Scheduler& scheduler, std::shared_ptr<HttpAsker> client, Access access,
         Renewal renewal = {});

  std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink) override {
    return client_->stream(as_us(std::move(request)), sink);
  }
  std::unique_ptr<HttpCall> ask(HttpRequest request, size_t most, Done done) override {
    return client_->ask(as_us(std::move(request)), most, std::move(done));
  }

 private:
  HttpRequest as_us(HttpRequest request);
  void read_again();
  void renew();
  void read_token();

  Scheduler& scheduler_;
  const std::shared_ptr<HttpAsker> client_;
  const std::string prefix_;
  Access access_;  // as it is now
  const Renewal renewal_;
  std::string files_;  // what they held when it was read
  MonoTime read_ = MonoTime::min();
};

}  // namespace woad::control::kubernetes
