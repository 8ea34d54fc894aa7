// What the plane knows, as JSON for people and tools; config/control.md lists the fields. Pure.
#pragma once

#include <string>

#include "proxy/control/plane/plane.h"

namespace woad::control {

// Each ends with a newline.
std::string services_page(const Plane& plane);
std::string instances_page(const Plane& plane, const std::string& service);
std::string rollouts_page(const Plane& plane);
// One of them.
std::string rollout_page(const Plane& plane, const std::string& service);
std::string problems_page(const Plane& plane);
std::string fleet_page(const Plane& plane);

}  // namespace woad::control
