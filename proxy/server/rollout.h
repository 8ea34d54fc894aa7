// How a configuration comes to run: the one way for the start, for a file that changed, and for
// what it refers to (addresses of names, certificates).
//
//            a newer file; what runs is outdated
//   idle ──┬───────────────────────────────────────▶ loading ─────────────────▶ naming
//    ▲     │ the last load began a moment ago          │ ▲    names are unknown   │ │
//    │     └───▶ pausing ──(time, a newer file)─┐      │ └────────────────────────┘ │
//    ├──────────────────────────────────────────┘      │   they are settled         │
//    ├────(refused, unchanged, overtaken, being written)                            │
//    ├───────────────────── adopting ◀─────────────────┘ good                       │
//    │   all have it, or it was refused                                             │
//    └──────────────────────────────────────────────────────────────────────────────┘ a newer file
//
// and from each of them, by stop() or when the start fails: stopped.
//
// One load at a time, and one that waits behind it: whatever is asked for meanwhile is one read of
// the file as it is by then. So a file that was taken back never runs: what was loaded is dropped
// when a newer file is there, and so is what waits for its names; only where files come faster than
// they can be loaded, one of them runs every kOutdated all the same. A file that somebody is
// writing is not judged; it is read again until its writer is done. While a file waits for its
// names (for NameService::kPatience at most), what runs is not compiled anew.
//
// What the status says, at any moment: version, hash and loaded_at are those of what runs, which is
// the newest file that all workers have. last_error is about the newest file that was read: "" when
// that is good, be it that it runs, is on its way (waits for its names, is adopted) or is what runs
// already. Of the files that were read, each that came to run is a success, each that was refused
// is rejected, each that is what runs is unchanged; one that a newer file overtook is none of them.
// What runs and is only compiled anew for what it refers to changes none of this.
//
// Control loop. Everything outside comes by faces, so that tests drive it by hand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/admin/backend.h"
#include "proxy/base/scheduler.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/background.h"
#include "proxy/server/certificates.h"
#include "proxy/server/name_service.h"
#include "proxy/snapshot/config_loader.h"

namespace woad {

// Where configurations come from. Called beside the control loop.
class ConfigSource {
 public:
  // What is there now.
  virtual LoadedConfig read(const LoadBasis& basis) = 0;
  // What is good and was read before, with the names and files that it refers to as they are now.
  virtual LoadedConfig compile(std::shared_ptr<const config::Config> config,
                               const LoadBasis& basis) = 0;

 protected:
  ~ConfigSource() = default;
};

// Who serves by what was loaded.
class Adopter {
 public:
  // Opens what `next` needs and hands it to all who serve; `done` is called on the control loop,
  // after this call, when all of them have it. On an error nothing has changed.
  virtual Result<void> adopt(const LoadedConfig& next, std::function<void()> done) = 0;
  // Nothing runs, and nothing will.
  virtual void on_start_failed(const std::string& errors) = 0;
  // Whether another file may still come while nothing runs; else the first that is refused is a
  // start that failed.
  virtual bool waits_for_first() const = 0;
  // A file was read and judged: it came to run, or is what runs ("" both times), or was refused.
  // `hash` is that of its bytes, "" where it could not be read.
  virtual void on_judged(const std::string& hash, const std::string& errors) = 0;

 protected:
  ~Adopter() = default;
};

class Rollout {
 public:
  // Between the starts of two loads: changes that come close together are one. The first of them
  // does not wait.
  static constexpr Duration kPause = milliseconds(50);
  // Files that are outdated before they are loaded are dropped for that long.
  static constexpr Duration kOutdated = seconds(1);

  struct Faces {
    Scheduler& scheduler;
    Background& background;
    ConfigSource& source;
    NameService& names;
    Certificates& certificates;
    Adopter& adopter;
  };

  // All outlive it. `path` is for the status; `seed`: see LoadBasis.
  Rollout(const Faces& faces, const std::vector<FilterKind>& registry, std::string path,
          uint64_t seed);

  // The file is to be read: at the start, by a signal, because it has changed.
  void read_file();
  void on_names_changed();
  // Endpoints that had left are to be let go.
  void on_endpoints_changed() { on_names_changed(); }
  void on_certificates_changed();
  // Nothing comes to run any more.
  void stop();

  // What runs; before that what is about to; nullptr before anything is.
  const std::shared_ptr<const Snapshot>& snapshot() const;
  const ConfigStatus& status() const { return status_; }

 private:
  enum class State : uint8_t { kIdle, kPausing, kLoading, kNaming, kAdopting, kStopped };

  // What the world outside of the file is; counts its changes.
  struct World {
    uint64_t names = 0;
    uint64_t certificates = 0;
    bool operator==(const World&) const = default;
  };
  struct Version {
    LoadedConfig loaded;
    World world;  // in which it was compiled
  };
  using Load = std::function<LoadedConfig(ConfigSource&, const LoadBasis&)>;

  void enter(State next);
  void proceed();
  void rest();
  void read();
  void compile(std::shared_ptr<const config::Config> config);
  void load(Load load);
  void on_loaded(Version version);
  void on_being_written(const LoadedConfig& loaded);
  void on_refreshed(Version version);
  void on_read(Version version);
  // What was read is dropped for a newer file; notes since when that happens.
  bool yields_to_newer();
  void adopt(Version version);
  void on_adopted();
  void on_unchanged();
  void refuse(const config::Config* config, const std::string& errors);
  void watch_names(const std::vector<std::string>& more = {});

  bool is_start() const { return running_.loaded.snapshot == nullptr; }
  bool runs(const LoadedConfig& loaded) const {
    return !is_start() && loaded.config == running_.loaded.config;
  }
  bool is_outdated() const { return !is_start() && running_.world != world_; }

  Faces faces_;
  const std::vector<FilterKind>& registry_;
  uint64_t seed_;
  State state_ = State::kIdle;
  bool newer_ = false;  // the file is to be read: it is newer than what was read last
  World world_;
  Version running_;
  Version next_;  // in kNaming and kAdopting
  std::optional<MonoTime> overtaken_since_;
  MonoTime load_at_{};   // the next load not before
  std::string written_;  // the file whose writer is waited for
  ConfigStatus status_;
  Timer timer_;
};

}  // namespace woad
