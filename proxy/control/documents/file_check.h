// Files of a fleet's services, checked as `woad validate` does it, one after the other: each is
// read on top of the one before, with which it has most of its services. Blocks; one thread.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "proxy/filter/kind.h"
#include "proxy/snapshot/config_loader.h"

namespace woad::control {

// What was found in a file, each by its place in it.
struct Findings {
  std::vector<config::Diagnostic> errors;  // none: it holds
  std::vector<config::Diagnostic> warnings;
};

class FileCheck {
 public:
  // `registry` outlives this.
  explicit FileCheck(const std::vector<FilterKind>& registry) : registry_(registry) {}

  // Of what the sidecars of `service` would have as their file.
  Findings run(const std::string& service, std::string file);

 private:
  const std::vector<FilterKind>& registry_;
  LoadedConfig before_{};  // the last one that was good
};

}  // namespace woad::control
