// Words of the command line that more than one command has.
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/net/address.h"

namespace woad {

// An IP address and port, or localhost. The error begins with the option.
Result<Address> parse_address(const std::string& option, const std::string& text);

}  // namespace woad
