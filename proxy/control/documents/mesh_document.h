// mesh.yaml: what every sidecar's file has, and `control:`.
#pragma once

#include <optional>

#include "proxy/control/documents/settings.h"
#include "proxy/control/documents/sources.h"

namespace woad::control {

struct MeshDocument {
  Value words;  // without `control`
  Settings settings;
};

// Nothing: it cannot be used, and the sources were told why. Keys of a file are left to be judged
// in one.
std::optional<MeshDocument> read_mesh(const Source& source, Sources& sources);

}  // namespace woad::control
