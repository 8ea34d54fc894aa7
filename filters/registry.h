// Which filters there are. See filters/README.md for how to add one.
#pragma once

#include <vector>

#include "proxy/filter/kind.h"

namespace woad {

// Any thread. Lives as long as the process.
const std::vector<FilterKind>& filter_registry();

}  // namespace woad
