// `woad control status`: how a fleet is, for people.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"

namespace woad::control {

struct StatusQuestion {
  std::string url;
  std::string tls_folder;  // with https: tls.crt, tls.key, ca.crt
  bool json = false;
};

// Asks a control plane and returns what to print. The error says why there is no answer. Blocks.
Result<std::string> ask_status(const StatusQuestion& question);

// The table of the pages /v1/services and /v1/problems; what is odd in them is left out.
std::string status_table(std::string_view services_page, std::string_view problems_page);

}  // namespace woad::control
