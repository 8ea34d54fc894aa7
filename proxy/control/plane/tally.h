// How things are, in numbers: for pages and metrics. Pure.
#pragma once

#include <map>
#include <string>

#include "proxy/control/plane/plane.h"

namespace woad::control {

struct ServiceTally {
  size_t instances = 0;  // that callers are told of
  size_t missing = 0;    // of these: kept by protection alone
  size_t members = 0;
  size_t applied = 0;   // members that run a file of now
  size_t rejected = 0;  // members that refused the newest they were given
  size_t problems = 0;  // of its documents
};

// Every service that has a document, was discovered, or has instances.
std::map<std::string, ServiceTally> tally_services(const Plane& plane);

}  // namespace woad::control
