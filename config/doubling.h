// The rule of a time that doubles up to a limit.
#pragma once

#include <string_view>

#include "config/diagnostics.h"
#include "config/node.h"
#include "proxy/base/time.h"

namespace woad::config {

// An error in the map `node` when `first`, the value of `first_key`, is longer than `limit`, that
// of `limit_key`. It stands at the limit, or at the first where the limit is a default.
void check_doubling(Duration first, std::string_view first_key, Duration limit,
                    std::string_view limit_key, const Node& node, Diagnostics& diagnostics);

}  // namespace woad::config
