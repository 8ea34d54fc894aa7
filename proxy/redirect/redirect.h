// `woad redirect`: brings the connections of this network namespace to the sidecar, and back.
// Blocking; the sidecar itself neither links nor loads anything of nftables.
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/redirect/options.h"

namespace woad::redirect {

// What to print. An error says what is missing: NET_ADMIN, a program or library, kernel support.
// It leaves no half behind.
Result<std::string> run(const Options& options);

}  // namespace woad::redirect
