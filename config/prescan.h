// What must hold of a file's bytes before the YAML parser may see them.
#pragma once

#include <string_view>

#include "config/diagnostics.h"

namespace woad::config {

// False: an error was added. Refuses what is not UTF-8, control characters, and nesting,
// numbers of values or lines, or texts far over the limits, which would cost the parser memory and
// time before it counts them itself.
// Linear.
bool prescan(std::string_view text, Diagnostics& diagnostics);

}  // namespace woad::config
