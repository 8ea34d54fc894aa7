// Rules between parts of the file: names that must exist, things that must be unique.
#pragma once

#include "config/diagnostics.h"
#include "config/types.h"

namespace woad::config {

// `config` may come from a file with errors: what did not decode is left alone.
void check_references(const Config& config, Diagnostics& diagnostics);

}  // namespace woad::config
