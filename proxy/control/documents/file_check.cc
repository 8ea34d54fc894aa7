#include "proxy/control/documents/file_check.h"

#include <utility>

namespace woad::control {
namespace {

constexpr const char* kName = "woad.yaml";

// What a service's own environment says in the lines of others keeps them from being taken over.
bool names_service(const std::string& file) {
  return file.find("${WOAD_SERVICE") != std::string::npos;
}

}  // namespace

Findings FileCheck::run(const std::string& service, std::string file) {
  const bool alike = !names_service(file);
  LoadBasis basis{registry_};
  if (alike) {
    basis.previous = before_.snapshot;
    basis.previous_config = before_.config;
  }
  config::Diagnostics diagnostics(kName);
  LoadedConfig loaded = load_config_text(
      std::move(file), kName, config::Environment::of_service(service), basis, &diagnostics);
  if (loaded.snapshot != nullptr && alike) before_ = std::move(loaded);
  Findings findings;
  for (config::Diagnostic& each : diagnostics.sorted()) {
    const bool error = each.severity == config::Severity::kError;
    (error ? findings.errors : findings.warnings).push_back(std::move(each));
  }
  return findings;
}

}  // namespace woad::control
