// Words of the command line that more than one command has.
#pragma once

#include <string>

#include "proxy/base/result.h"

namespace woad {

// An IP address and port, or localhost; "127.0.0.1:15000". The error begins with the option.
Result<std::string> parse_address(const std::string& option, const std::string& text);

}  // namespace woad
