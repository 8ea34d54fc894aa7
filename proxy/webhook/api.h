// What the webhook answers, by method and path; knows nothing of connections. One thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/inject/settings.h"
#include "proxy/web/handler.h"

namespace woad {

class WebhookApi final : public WebHandler {
 public:
  // For the reviews to come. Called before the first one.
  void set_settings(InjectSettings settings) { settings_ = std::move(settings); }
  // Not ready any more; answers go on.
  void leave() { state_ = State::kLeaving; }

  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override;

 private:
  enum class State : uint8_t { kServing, kLeaving };

  WebResponse respond(const WebRequest& request) const;
  WebResponse review(const std::string& body) const;

  InjectSettings settings_;
  State state_ = State::kServing;
};

}  // namespace woad
