#include "proxy/control/documents/mesh_document.h"

#include <algorithm>
#include <utility>

#include "proxy/control/documents/settings_table.h"

namespace woad::control {
namespace {

constexpr std::string_view kControl = "control";

// Keys of a file that are not for all services.
std::string_view hint_about(std::string_view key) {
  if (key == "version") return "the control plane makes it of the file's own bytes";
  if (key == "node") return "each pod says who it is: WOAD_SERVICE, WOAD_LABELS";
  if (key == "services") return "each service has a document of its own: services/<name>.yaml";
  return {};
}

}  // namespace

std::optional<MeshDocument> read_mesh(const Source& source, Sources& sources) {
  config::Diagnostics diagnostics(source.origin);
  MeshDocument mesh;
  const config::Node root = source.root();
  if (!config::detail::want_map(root, "a map of settings", diagnostics)) {
    sources.complain(source, diagnostics);
    return std::nullopt;
  }
  for (const config::Node key : root.items()) {
    const std::string_view hint = hint_about(key.key());
    if (!hint.empty()) {
      diagnostics.error_at_key(key, "cannot stand in mesh.yaml", std::string(hint));
    } else if (key.key() == kControl) {
      settings_table().decode(key, mesh.settings, diagnostics);
    } else if (std::string meant = config::did_you_mean(key.key(), {kControl}); !meant.empty()) {
      diagnostics.error_at_key(key, "unknown key", std::move(meant));
    }
  }
  sources.complain(source, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  mesh.words = value_of(root, source.index);
  mesh.words.take(kControl);
  return mesh;
}

}  // namespace woad::control
