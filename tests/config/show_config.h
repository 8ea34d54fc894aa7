// A configuration as text, for comparing two: all that was decoded of the services, and the tree of
// everything else.
#pragma once

#include <string>

#include "config/types.h"

namespace woad::config {

std::string show_config(const Config& config);

}  // namespace woad::config
