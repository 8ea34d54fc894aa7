// The process log as a worker sees it: bounded a second, and never waited for.
//
// What cannot be told is counted, and the number told before the next line that can. One worker's.
#pragma once

#include "proxy/base/event_log.h"
#include "proxy/base/scheduler.h"
#include "proxy/log/log_gate.h"

namespace woad {

class WorkerLog final : public EventLog {
 public:
  // What a person can follow ends far below; what a disk or a collector takes does not. A request
  // is five lines or so.
  static constexpr uint32_t kDebugLinesPerSecond = 1000;

  // `scheduler` outlives it.
  explicit WorkerLog(const Scheduler& scheduler);

  // Dropped as well while the reader of stderr is behind: debugging slows no request.
  void debug(std::string_view sentence, LogFields fields) override;
  void warn(std::string_view sentence, LogFields fields) override;

 private:
  const Scheduler& scheduler_;
  LogGate debugs_{kDebugLinesPerSecond};
  LogGate warnings_;
};

}  // namespace woad
