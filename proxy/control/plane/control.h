// The process `woad control`.
//
//   serving ──SIGTERM──▶ draining (nobody new, waits end over the time) ──▶ ended
#pragma once

#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/filter/kind.h"
#include "proxy/net/address.h"

namespace woad::control {

struct ControlOptions {
  Address listen;
  Address admin;
  std::string store;       // a word of control/store/make_store.h, or "kubernetes"
  std::string kubeconfig;  // ""; in-cluster
  std::string tls_folder;  // tls.crt, tls.key, ca.crt; "": plaintext over loopback alone
  Duration drain_timeout = seconds(25);
  std::vector<FilterKind> filters;
};

// Serves until SIGTERM or SIGINT, by which what waits is answered: 0. A second one ends at once: 1.
// The error says why it could not begin. Blocks.
Result<int> serve_control(const ControlOptions& options);

}  // namespace woad::control
