// The decode table of `services.<service>.health_check`, and what the service must be for it.
#pragma once

#include "config/table.h"
#include "config/types.h"

namespace woad::config {

const Table<HealthCheck>& health_check_table();

// Whether endpoints that speak `protocol` can be asked so; false: errors were added.
bool suits(const HealthCheck& check, Protocol protocol, Diagnostics& diagnostics);

}  // namespace woad::config
