// From the file to what may run: read, decoded, compiled. The one way for boot, reload, `woad
// validate`, `woad explain` and the control plane.
//
// Functions of their arguments, of files and of the environment. They block: any thread that does
// not serve.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/load.h"
#include "proxy/snapshot/compile.h"

namespace woad {

// What one load gave.
struct LoadedConfig {
  std::shared_ptr<const config::Config> config;  // nullptr: not readable
  std::shared_ptr<const Snapshot> snapshot;      // nullptr: errors
  std::vector<std::string> names;                // host names that the snapshot needs resolved
  std::string errors;                            // as `woad validate` prints them; "" when good
  // A file that somebody was writing while it was read: what came of it, errors too, says nothing
  // of the file as it will be. "": none was.
  std::string being_written{};
  std::string warnings{};  // of a good one, as `woad validate` prints them
};

// What a load takes beside the file.
struct LoadBasis {
  const std::vector<FilterKind>& registry;
  Resolutions resolutions{};
  std::shared_ptr<const Snapshot> previous{};  // what runs; nullptr: nothing
  // What it was compiled of: services of it that did not change are taken over.
  std::shared_ptr<const config::Config> previous_config{};
  WallTime now = std::chrono::system_clock::now();
  uint64_t seed = 0;  // of what is made anew at the start
  MonoTime mono_now = std::chrono::steady_clock::now();
};

// `diagnostics` (may be nullptr) gets the errors one by one.
LoadedConfig load_config(const std::string& path, const LoadBasis& basis,
                         config::Diagnostics* diagnostics = nullptr);

// The same of a text that a sidecar of `environment` would have as its file `name`. Files that it
// names are not asked for when that is another machine.
LoadedConfig load_config_text(std::string text, const std::string& name,
                              const config::Environment& environment, const LoadBasis& basis,
                              config::Diagnostics* diagnostics = nullptr);

// The same for a configuration that was good when it was read from `path`: its text is not looked
// at, the names and files that it refers to are.
LoadedConfig compile_config(std::shared_ptr<const config::Config> config, const std::string& path,
                            const LoadBasis& basis);

}  // namespace woad
