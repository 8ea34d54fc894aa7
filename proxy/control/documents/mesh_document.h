// mesh.yaml: what every sidecar's file has, and `control:`.
#pragma once

#include <optional>

#include "proxy/control/documents/settings.h"
#include "proxy/control/documents/sources.h"

namespace woad::control {

struct MeshDocument {
  Value words;                       // without what cannot stand in a file
  std::optional<Settings> settings;  // nothing: the mesh cannot be used
};

// Nothing: there are no words, either. The sources were told why. Keys of a file are left to be
// judged in one.
std::optional<MeshDocument> read_mesh(const Source& source, Sources& sources);

}  // namespace woad::control
