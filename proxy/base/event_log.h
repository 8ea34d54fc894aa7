// What a worker has to say on the process log while it serves: the face that the data path has for
// a log that stands above it. One for each worker, on its thread.
#pragma once

#include <atomic>

#include "proxy/base/log_field.h"

namespace woad {

class EventLog {
 public:
  // `debugs` is the process log's: whether lines of level debug are written.
  explicit EventLog(const std::atomic<bool>& debugs) : debugs_(debugs) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Ask before a debug line is made: while nobody wants it, this load is all it costs.
  bool debugs() const { return debugs_.load(std::memory_order_relaxed); }

  // `sentence` says what happened, without a final dot; bytes of others belong into fields. Both
  // are bounded a second; what is over is counted and told with a later line.
  virtual void debug(std::string_view sentence, LogFields fields) = 0;
  virtual void warn(std::string_view sentence, LogFields fields) = 0;

 protected:
  ~EventLog() = default;

 private:
  const std::atomic<bool>& debugs_;
};

}  // namespace woad
