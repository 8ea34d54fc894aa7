// Reads the file and compiles it, on a thread of its own, for the control loop.
//
//   idle ──▶ busy ──▶ idle
//              └─▶ busy with another asked for ──▶ busy
// Used on the control loop alone; results come there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/load.h"
#include "proxy/net/loop.h"
#include "proxy/snapshot/compile.h"

namespace woad {

// What one load gave.
struct LoadedConfig {
  std::shared_ptr<const config::Config> config;  // nullptr: not readable
  std::shared_ptr<const Snapshot> snapshot;      // nullptr: errors
  std::vector<std::string> names;                // host names that the snapshot needs resolved
  std::string errors;                            // as `woad validate` prints them; "" when good
};

// What a load takes beside the file.
struct LoadBasis {
  const std::vector<FilterKind>& registry;
  Resolutions resolutions{};
  std::shared_ptr<const Snapshot> previous{};  // what runs; nullptr: nothing
};

// The one function behind boot, reload, `woad validate` and `woad explain`. Any thread that does
// not serve. `diagnostics` (may be nullptr) gets the errors one by one.
LoadedConfig load_config(const std::string& path, const LoadBasis& basis,
                         config::Diagnostics* diagnostics = nullptr);

// The same for a text that was read from `path` earlier: the names and files that it refers to are
// looked at again.
LoadedConfig load_again(const std::string& text, const std::string& path, const LoadBasis& basis);

class ConfigLoader {
 public:
  // Runs on the loader's thread with what runs when it starts.
  using Job = std::function<LoadedConfig(std::shared_ptr<const Snapshot> previous)>;
  using Result = std::function<void(LoadedConfig)>;

  // `running` tells what runs.
  ConfigLoader(Loop& control, std::function<std::shared_ptr<const Snapshot>()> running)
      : control_(control), running_(std::move(running)) {}
  ~ConfigLoader();

  // Runs `job` on the loader's thread and `result` on the control loop. While one runs, only the
  // latest of those asked for is kept.
  void run(Job job, Result result);
  bool busy() const { return thread_.joinable(); }

 private:
  void start(Job job, Result result);
  void finish(LoadedConfig loaded);

  Loop& control_;
  std::function<std::shared_ptr<const Snapshot>()> running_;
  std::thread thread_;
  Result result_;
  Job next_job_;
  Result next_result_;
};

}  // namespace woad
