// Writes what a control plane keeps in a cluster: one ConfigMap a queue, one request of it at a
// time, in the order of the writes. Statuses that come within kGather travel in one PATCH. One
// thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/scheduler.h"
#include "proxy/client/http_asker.h"
#include "proxy/control/store/kubernetes/state.h"
#include "proxy/control/store/store.h"

namespace woad::control::kubernetes {

class StateWriter final : private TurnEnd {
 public:
  static constexpr Duration kGather = milliseconds(200);

  // Scheduler and asker outlive it.
  StateWriter(Scheduler& scheduler, HttpAsker& asker);
  ~StateWriter();

  // As Store::write(), into `space`; "": it is not known where the mesh is.
  void write(const std::string& space, StoreWrite write, Store::Done done);

 private:
  struct Waiting {
    StatePlace place;
    StoreWrite write;
    Store::Done done;
  };
  class Queue;

  void refuse(Store::Done done, std::string why);
  void on_turn_end() override;

  Scheduler& scheduler_;
  HttpAsker& asker_;
  std::vector<std::pair<Store::Done, std::string>> refused_;  // told at the end of the turn
  std::map<std::string, std::unique_ptr<Queue>> queues_;      // by the ConfigMap's path
};

}  // namespace woad::control::kubernetes
