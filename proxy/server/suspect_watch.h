// Which endpoints of what runs are suspects (proxy/snapshot/suspects.h): tells the process log of
// them, and when one is to be let go. Control loop.
#pragma once

#include <string>
#include <vector>

#include "proxy/snapshot/snapshot.h"

namespace woad {

class SuspectWatch {
 public:
  // `running` runs from now on.
  void adopt(const Snapshot& running);
  // Whether a suspect failed or its time is over since this was asked last: the configuration is to
  // be compiled anew, without it.
  bool any_over(MonoTime now);

 private:
  struct Suspect {
    std::string service;
    Endpoint endpoint;
    bool is(const Suspect& other) const {
      return service == other.service && endpoint.name == other.endpoint.name;
    }
  };
  std::vector<Suspect> suspects_;
};

}  // namespace woad
