// The injection webhook: `woad inject --serve`.
//
//   serving ──SIGTERM──▶ leaving (not ready, serves on) ──▶ draining ──▶ ended
#pragma once

#include <functional>
#include <string>

#include "proxy/base/result.h"
#include "proxy/inject/settings.h"
#include "proxy/net/address.h"

namespace woad {

struct WebhookOptions {
  Address address;
  std::string certificate;  // a folder
  std::string config;       // read again when it changes; "": none
  // Reads the settings; the error is lines for people.
  std::function<Result<InjectSettings>()> load;
};

// Serves until SIGTERM or SIGINT, by which what runs is finished: 0. A second one ends at once: 1.
// The error says why it could not begin. Blocks.
Result<int> serve_webhook(const WebhookOptions& options);

}  // namespace woad
