#include "proxy/control/documents/mesh_document.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/tables.h"
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

// Keys of a file, and `control`.
const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<config::ReferenceRow> rows;
    config::config_table().rows("", rows);
    std::vector<std::string> roots{std::string(kControl)};
    for (const config::ReferenceRow& row : rows) {
      std::string root = row.path.substr(0, row.path.find_first_of(".["));
      if (root != roots.back()) roots.push_back(std::move(root));
    }
    return roots;
  }();
  return keys;
}

// A mistyped `control`; other unknown keys are told of a file.
bool means_control(std::string_view key) {
  const auto& keys = known_keys();
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
  return config::nearest(key, {keys.begin(), keys.end()}) == 0;
}

}  // namespace

std::optional<MeshDocument> read_mesh(const Source& source, Sources& sources) {
  config::Diagnostics diagnostics(source.origin);
  const config::Node root = source.root();
  if (root.is_null()) {  // as a copy that was torn leaves it
    diagnostics.error(root, "the document is empty", "a mesh without settings is {}");
    sources.complain(source, diagnostics);
    return std::nullopt;
  }
  if (!config::detail::want_map(root, "a map of settings", diagnostics)) {
    sources.complain(source, diagnostics);
    return std::nullopt;
  }
  MeshDocument mesh{value_of(root, source.index), Settings()};
  for (const config::Node key : root.items()) {
    const std::string_view hint = hint_about(key.key());
    if (!hint.empty()) {
      diagnostics.error_at_key(key, "cannot stand in mesh.yaml", std::string(hint));
    } else if (key.key() == kControl) {
      settings_table().decode(key, *mesh.settings, diagnostics);
    } else if (means_control(key.key())) {
      diagnostics.error_at_key(key, "unknown key", config::did_you_mean(key.key(), {kControl}));
    } else {
      continue;
    }
    mesh.words.take(key.key());
  }
  sources.complain(source, diagnostics);
  if (!diagnostics.ok()) mesh.settings.reset();
  return mesh;
}

}  // namespace woad::control
