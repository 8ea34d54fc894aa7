// Where a control plane keeps what it knows: a map of keys to texts that is watched, and written by
// compare-and-swap. What the keys hold is not the store's business.
//
//   mesh.yaml, services/<name>.yaml      documents
//   discovered/<name>                    a service that the store itself found (Kubernetes)
//   instances/<service>/<instance>       control/fleet/instance_record.h
//   status/<service>/<instance>          control/fleet/member.h
//   rollouts/<service>                   control/fleet/rollout.h
//
// Documents and what was discovered are only read. One thread, the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/base/time.h"

namespace woad::control {

// After an instance's lease, when no control plane is left to judge it.
inline constexpr Duration kLastResort = minutes(15);

// What no document may be over.
inline constexpr size_t kMaxDocument = size_t{4} << 20;

struct StoreEntry {
  std::string value;
  uint64_t revision = 0;  // of its last change; grows over the whole store
  std::string origin;     // for messages: "services/price.yaml", "configmap shop/price"
  // Why there is no value, although the document is there: it cannot be read, or is over
  // kMaxDocument. Such a document does not hold. A sentence without a final dot; "" with a value.
  std::string error{};
};

using StoreEntries = std::map<std::string, StoreEntry, std::less<>>;

// Hears of a store, from the loop.
class StoreWatcher {
 public:
  // All there is, as of `revision`: at the start, and again where changes may have been missed.
  virtual void on_synced(StoreEntries all, uint64_t revision) = 0;
  // One change, one's own included. nullptr: the key is gone.
  virtual void on_changed(const std::string& key, const StoreEntry* entry, uint64_t revision) = 0;
  // It cannot be reached (or is back: ""). What is known stays; the store goes on trying.
  virtual void on_away(const std::string& why) = 0;

 protected:
  ~StoreWatcher() = default;
};

struct StoreWrite {
  // kRevision: nobody has changed it since `revision`.
  enum class If : uint8_t { kAlways, kAbsent, kRevision };

  std::string key;
  std::optional<std::string> value;  // nothing: remove
  If condition = If::kAlways;
  uint64_t revision = 0;
};

enum class StoreOutcome : uint8_t { kDone, kConflict, kFailed };

class Store {
 public:
  // `why`: with kFailed, a sentence without a final dot.
  using Done = std::function<void(StoreOutcome outcome, std::string why)>;

  virtual ~Store() = default;

  // Called once. The watcher outlives the store. No event comes from inside this call; an error is
  // one that no waiting will mend.
  virtual Result<void> start(StoreWatcher& watcher) = 0;
  // `done` (may be empty) comes once and never inside this call. Writes to one key keep their
  // order. Those that are made in one turn may travel together.
  virtual void write(StoreWrite write, Done done) = 0;
  // How long an instance lives without a heartbeat: where a store ends keys by itself, those of
  // instances end kLastResort later. 90 seconds until it is told.
  virtual void set_lease(Duration) {}
  // Other replicas see what is written, so that heartbeats must be.
  virtual bool shared() const = 0;
  // Instances come from the store itself: nobody registers.
  virtual bool discovers() const = 0;
};

}  // namespace woad::control
