// What a pod knows of itself from its environment, for what the file leaves out: WOAD_SERVICE,
// WOAD_INSTANCE, WOAD_LABELS, WOAD_TLS_DIR and WOAD_PROBE_PATHS (config/reference.md,
// "Environment"). A variable of blanks alone counts as unset.
#pragma once

#include "config/diagnostics.h"
#include "config/document.h"
#include "config/types.h"

namespace woad::config {

// Whether the environment names the service, so that the file may leave `node` out.
bool names_service(const Environment& environment);

// Completes a decoded file; what is wrong with the environment, and a service that nobody names,
// are errors.
void complete_from(const Environment& environment, Config& config, Diagnostics& diagnostics);

}  // namespace woad::config
