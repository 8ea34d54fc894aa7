// A small blocking client of the local admin address, for the command line. Not for a loop.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/net/address.h"

namespace woad {

struct AdminReply {
  int status = 0;
  std::string body;
};

// One request on a connection of its own; the whole of it takes at most `limit`.
Result<AdminReply> ask_admin(const Address& address, std::string_view method,
                             std::string_view target, Duration limit);

// Asks /readyz until the answer is 200. The error says what the last answer was.
Result<void> wait_until_ready(const Address& address, Duration limit);

}  // namespace woad
