// Counts requests by colour, lets each wait at the gate, and refuses those of closed colours: the
// worked example of filters/README.md, with a metric and an error of its own.
#pragma once

#include "proxy/filter/filter.h"
#include "tests/newcomer/color_gate/config.h"

namespace woad {

// One an exchange, on the worker's thread.
class ColorGateFilter final : public HttpFilter {
 public:
  using Settings = ColorGateSettings;
  static constexpr const config::Table<Settings>& kTable = kColorGateTable;

  explicit ColorGateFilter(FilterContext& context);

  HeadVerdict on_request_head(RequestHead& head, bool end) override;

 private:
  bool closed() const;
  void on_wait_over();

  FilterContext& context_;
  Timer wait_;
};

}  // namespace woad
