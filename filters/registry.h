// Which filters there are, and in which order they stand when the file lists no chain. See
// filters/README.md for how to add one.
#pragma once

#include <vector>

#include "proxy/filter/kind.h"

namespace woad {

// Any thread. Lives as long as the process.
const std::vector<FilterKind>& filter_registry();

}  // namespace woad
