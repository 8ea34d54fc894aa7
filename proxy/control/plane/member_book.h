// Who polls, and what became of what they got: the members of roll-outs. Written to the store when
// they are new or say something, and where replicas share it as often as they are to be seen. One
// thread, the loop's.
#pragma once

#include <string>

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
  bool note_poll(const std::string& service, const std::string& instance, Duration heartbeat);
  void note_status(const std::string& service, const std::string& instance, const Status& status,
                   const Distribution& files, Store::Done done);
  // It has said good-bye.
  void forget(const std::string& service, const std::string& instance);
  // Each second: those that wait are seen, those that did not poll for a lease go.
  void tick(const Distribution& waiting, const Settings& settings, StoreListener& listener);

 private:
  void write(const std::string& service, const std::string& instance, const Member& member,
             Store::Done done);

  const Scheduler& scheduler_;
  Store& store_;
  StoreView& view_;
  WallTime started_;
};

}  // namespace woad::control
