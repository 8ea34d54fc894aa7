// Writes one line about each request when it is over.
#pragma once

#include "filters/access_log/config.h"
#include "filters/access_log/log_file.h"
#include "proxy/filter/filter.h"

namespace woad {

// The open file. Any thread.
struct AccessLogState {
  explicit AccessLogState(const AccessLogSettings& settings) : file(settings.path) {}
  LogFile file;
};

// One an exchange, on the worker's thread.
class AccessLogFilter final : public HttpFilter {
 public:
  using Settings = AccessLogSettings;
  using State = AccessLogState;
  static constexpr const config::Table<Settings>& kTable = kAccessLogTable;

  explicit AccessLogFilter(FilterContext& context) : context_(context) {}

  void on_end(const ExchangeInfo& info) override;

 private:
  FilterContext& context_;
};

}  // namespace woad
