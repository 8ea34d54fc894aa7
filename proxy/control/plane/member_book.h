// Who polls, and what became of what they got: the members of roll-outs. Written to the store when
// they are new or say something, and where replicas share it as often as they are to be seen. One
// thread, the loop's.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proxy/control/documents/settings.h"
#include "proxy/control/plane/distribution.h"
#include "proxy/control/plane/store_view.h"

namespace woad::control {

class MemberBook {
 public:
  // What a sidecar said became of a file.
  struct Status {
    std::string sha256;
    std::string version;
    Member::Outcome outcome = Member::Outcome::kNone;
    std::string error;
  };

  // All outlive this.
  MemberBook(const Scheduler& scheduler, Store& store, StoreView& view)
      : scheduler_(scheduler), store_(store), view_(view), started_(scheduler.wall()) {}

  // True: it is a new one.
  bool note_poll(const Registry::Key& who, Duration heartbeat);
  // Calls `heard` once the store has it, or is known to be away: it is told later then, and nobody
  // waits for it.
  void note_status(const Registry::Key& who, const Status& status, const Distribution& files,
                   std::function<void()> heard);
  // It has said good-bye.
  void forget(const Registry::Key& who);
  // Each second: those that wait are seen; those that did not poll for a lease go, and are
  // returned.
  std::vector<Registry::Key> tick(const Distribution& waiting, const Settings& settings);

 private:
  void write(const Registry::Key& who, const Member& member, Store::Done done);
  void write_status(const Registry::Key& who, const Member& member, std::function<void()> heard);

  const Scheduler& scheduler_;
  Store& store_;
  StoreView& view_;
  WallTime started_;
  // Whose status the store could not take. Writes that are under way outlive this.
  std::shared_ptr<std::set<Registry::Key>> unwritten_ = std::make_shared<std::set<Registry::Key>>();
};

}  // namespace woad::control
