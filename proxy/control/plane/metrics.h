// The plane's figures as families of metrics (config/reference.md, "Control plane"). Pure.
#pragma once

#include <vector>

#include "proxy/control/plane/api.h"
#include "proxy/control/plane/plane.h"
#include "proxy/observe/prometheus.h"

namespace woad::control {

std::vector<ExtraFamily> plane_metrics(const Plane& plane, const Api::Counts& answers);

}  // namespace woad::control
