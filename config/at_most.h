// The rule of a time that another one bounds.
#pragma once

#include <string_view>

#include "config/diagnostics.h"
#include "config/node.h"
#include "proxy/base/time.h"

namespace woad::config {

struct NamedTime {
  std::string_view key;
  Duration value;
};

// An error in the map `node` when `time` is longer than `limit`; `why` says what the limit is to
// it. It stands at the limit, or at the time where the limit is a default.
void check_at_most(const NamedTime& time, const NamedTime& limit, std::string_view why,
                   const Node& node, Diagnostics& diagnostics);

}  // namespace woad::config
