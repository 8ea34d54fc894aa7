// From `context` and `dye` in the file to a ContextSystem.
#pragma once

#include "config/load.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// `previous` (may be nullptr) gives the live state; what is made draws from `seed`. Patterns and
// regular expressions that are wrong are errors at their place in the file; the result is of no use
// then.
ContextSystem compile_context(const config::Config& config, const Snapshot* previous, uint64_t seed,
                              config::Diagnostics& diagnostics);

}  // namespace woad
