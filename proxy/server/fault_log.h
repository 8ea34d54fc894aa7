// Tells the process log of connections that their peer's faults ended. One thread.
#pragma once

#include "proxy/base/scheduler.h"
#include "proxy/http/codec.h"
#include "proxy/log/log.h"
#include "proxy/log/log_gate.h"

namespace woad {

class FaultLog final : public FaultSink {
 public:
  explicit FaultLog(const Scheduler& scheduler) : scheduler_(scheduler) {}

  void on_connection_fault(const Address& peer, Hostile kind, std::string_view why) override {
    if (!gate_.admit(scheduler_.now())) return;
    log_warn("a connection was ended for what its peer sent", {{"peer", peer.to_string()},
                                                               {"kind", to_string(kind)},
                                                               {"why", why},
                                                               {"untold", gate_.take_untold()}});
  }

 private:
  const Scheduler& scheduler_;
  LogGate gate_;
};

}  // namespace woad
