// Makes trouble on purpose: delays requests and answers them with errors.
#pragma once

#include "filters/fault/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread.
class FaultFilter final : public HttpFilter {
 public:
  using Settings = FaultSettings;
  static constexpr const config::Table<Settings>& kTable = kFaultTable;

  explicit FaultFilter(FilterContext& context);

  HeadVerdict on_request_head(RequestHead& head, bool end) override;

 private:
  bool draw(const config::Share& share);
  void on_delay_over();

  FilterContext& context_;
  Timer delay_;
  uint32_t abort_status_ = 0;  // 0: the request may go on
};

}  // namespace woad
