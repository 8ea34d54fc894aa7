// Lets in who may call what, by rules; see README.md.
#pragma once

#include "filters/authorization/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread.
class AuthorizationFilter final : public HttpFilter {
 public:
  using Settings = AuthorizationSettings;
  static constexpr const config::Table<Settings>& kTable = kAuthorizationTable;

  explicit AuthorizationFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;
  // What rules judge in the head is not said a second time behind the body.
  Verdict on_request_trailers(Headers& trailers) override;

 private:
  // `rule`: nullptr when none matched.
  Verdict refuse(const AccessRule* rule) const;

  FilterContext& context_;
};

}  // namespace woad
