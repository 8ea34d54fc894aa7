// services/<name>.yaml, and what a store found of a service itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/control/documents/sources.h"

namespace woad::control {

struct Use {
  std::string name;
  Place place;
};

struct ServiceDocument {
  Value service;                         // the words under `services.<name>`
  Value sidecar;                         // on top of the mesh; null: nothing
  std::optional<std::vector<Use>> uses;  // nothing: every service
  std::vector<std::string> identities;   // patterns, with {service} and the like
};

// {"name", "namespace", "port_of", "service"} as JSON.
struct DiscoveredService {
  std::string name;
  std::string name_space;
  std::string port_of;  // "": a service of its own; else the one of which it is a further port
  Value service;
};

// Nothing: it does not hold, and the sources were told why. What a file would say of the words is
// left to be judged in one.
std::optional<ServiceDocument> read_service(const Source& source, Sources& sources);
std::optional<DiscoveredService> read_discovered(const Source& source, Sources& sources);

// Why no service can have that name; "": it can.
std::string fault_of_service_name(std::string_view name);

}  // namespace woad::control
