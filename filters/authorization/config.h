// Settings of the authorization filter.
#pragma once

#include <optional>

#include "config/table.h"
#include "filters/authorization/access_rules.h"

namespace woad {

struct AuthorizationSettings {
  std::optional<AccessAction> written_default;
  AccessRules rules;

  // For requests that no rule matches.
  AccessAction otherwise() const {
    return written_default.value_or(rules.empty() ? AccessAction::kAllow : AccessAction::kDeny);
  }
  bool operator==(const AuthorizationSettings&) const = default;
};

extern const config::Table<AuthorizationSettings> kAuthorizationTable;

}  // namespace woad
