// What the command line asks of the local admin address. It waits: not for a loop.
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/client/http_asker.h"
#include "proxy/net/address.h"

namespace woad {

// One request; the whole of it takes at most `limit`.
HttpAnswer ask_admin(const Address& address, std::string method, std::string target,
                     Duration limit);

// Asks /readyz until the answer is 200. The error says what the last answer was.
Result<void> wait_until_ready(const Address& address, Duration limit);

}  // namespace woad
