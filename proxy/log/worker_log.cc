#include "proxy/log/worker_log.h"

#include <string>

#include "proxy/log/log.h"

namespace woad {
namespace {

constexpr std::string_view kUntold = "lines were left out, for they were too many";

}  // namespace

WorkerLog::WorkerLog(const Scheduler& scheduler) : EventLog(log_debugs()), scheduler_(scheduler) {}

void WorkerLog::debug(std::string_view sentence, LogFields fields) {
  if (!debugs() || !debugs_.admit(scheduler_.now())) return;
  if (!log_has_room()) {
    debugs_.lost();
    return;
  }
  if (debugs_.untold() > 0) log_debug(kUntold, {{"lines", debugs_.take_untold()}});
  log_debug(sentence, fields);
}

void WorkerLog::warn(std::string_view sentence, LogFields fields) {
  if (!warnings_.admit(scheduler_.now())) return;
  if (warnings_.untold() > 0) log_warn(kUntold, {{"lines", warnings_.take_untold()}});
  log_warn(sentence, fields);
}

}  // namespace woad
