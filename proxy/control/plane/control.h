// The process `woad control`.
//
//   serving ──SIGTERM──▶ draining (nobody new, waits end over the time) ──▶ ended
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/filter/kind.h"
#include "proxy/net/address.h"
#include "proxy/webhook/webhook.h"

namespace woad::control {

struct ControlOptions {
  Address listen;
  Address admin;
  std::string store;       // a word of control/stores/make_store.h
  std::string kubeconfig;  // ""; in-cluster
  std::string tls_folder;  // tls.crt, tls.key, ca.crt; "": plaintext over loopback alone
  Duration drain_timeout = seconds(25);
  std::optional<WebhookOptions> webhook;  // served, too
  std::vector<FilterKind> filters;
};

// Serves until SIGTERM or SIGINT, by which what waits is answered: 0. A second one ends at once: 1,
// as when the webhook cannot begin, which stderr says. The error says why the rest could not.
// Blocks.
Result<int> serve_control(const ControlOptions& options);

}  // namespace woad::control
