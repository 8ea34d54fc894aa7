// Times as people and logs read them. Pure; any thread.
#pragma once

#include <string>

#include "proxy/base/time.h"

namespace woad {

// RFC 3339 in UTC with milliseconds: "2026-11-20T08:15:00.250Z".
std::string rfc3339(WallTime time);
// Allocates only when `out` has to grow.
void append_rfc3339(std::string& out, WallTime time);

}  // namespace woad
