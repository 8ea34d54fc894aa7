// Lets everything pass: the filter to copy. See filters/README.md.
#pragma once

#include "filters/_template/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread.
class TemplateFilter final : public HttpFilter {
 public:
  using Settings = TemplateSettings;
  static constexpr const config::Table<Settings>& kTable = kTemplateTable;

  explicit TemplateFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;

 private:
  FilterContext& context_;
};

}  // namespace woad
