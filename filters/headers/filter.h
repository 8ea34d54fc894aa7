// Sets, adds and removes header fields as the file says.
#pragma once

#include "filters/headers/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread. Added fields are views into the settings, which live as
// long as the exchange.
class HeadersFilter final : public HttpFilter {
 public:
  using Settings = HeadersSettings;
  static constexpr const config::Table<Settings>& kTable = kHeadersTable;

  explicit HeadersFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;
  HeadVerdict on_response_head(ResponseHead& head, bool end) override;

 private:
  FilterContext& context_;
};

}  // namespace woad
