// An EventLog that writes down what it is told, a line an event: "sentence key=value key=value".
#pragma once

#include <atomic>
#include <string>

#include "proxy/base/event_log.h"

namespace woad::test {

struct ToldLog final : EventLog {
  explicit ToldLog(bool debugging = false) : EventLog(on), on(debugging) {}
  void debug(std::string_view sentence, LogFields fields) override { tell(sentence, fields); }
  void warn(std::string_view sentence, LogFields fields) override { tell(sentence, fields); }
  void tell(std::string_view sentence, LogFields fields) {
    told.append(sentence);
    for (const LogField& field : fields) {
      told.append(" ").append(field.key).append("=").append(field.value);
    }
    told += '\n';
  }
  std::atomic<bool> on;  // whether debug lines are wanted
  std::string told;
};

}  // namespace woad::test
