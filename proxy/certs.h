// `woad certs`: what a LocalCa is asked for, and what a person is told.
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/cli.h"

namespace woad {

// Does as the command says and returns what to print. The errors that a user can make are found
// before anything is issued. Blocks.
Result<std::string> run_certs(const CertsCommand& command, WallTime now);

}  // namespace woad
