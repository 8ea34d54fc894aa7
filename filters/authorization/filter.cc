#include "filters/authorization/filter.h"

namespace woad {

HeadVerdict AuthorizationFilter::on_request_head(RequestHead& head, bool) {
  const ExchangeInfo& info = context_.info();
  const Settings& settings = context_.settings<Settings>();
  if (info.probe) return Verdict::go();
  const bool opaque = head.protocol == Protocol::kTcp;
  std::string ambiguity = opaque ? std::string() : settings.rules.ambiguity(head);
  if (!ambiguity.empty()) {
    return Verdict::reply({.code = ErrorCode::kBadRequest,
                           .details = std::move(ambiguity.append(" (authorization)"))});
  }
  char host[256];
  const MatchInput input{head, normal_host(head.authority, host), info.color, info.tenant,
                         info.principal};
  const AccessRule* rule = settings.rules.deciding(input);
  const AccessAction action = rule == nullptr ? settings.otherwise() : rule->action;
  return action == AccessAction::kAllow ? Verdict::go() : refuse(rule);
}

Verdict AuthorizationFilter::on_request_trailers(Headers& trailers) {
  const AccessRules& rules = context_.settings<Settings>().rules;
  trailers.remove_if([&](const Header& field) { return rules.names(field.name); });
  return Verdict::go();
}

Verdict AuthorizationFilter::refuse(const AccessRule* rule) const {
  const std::string_view principal = context_.info().principal;
  std::string details = "this request of ";
  details += principal.empty() ? "a caller without a verified identity" : principal;
  if (rule == nullptr) {
    details += " is allowed by no rule (authorization.default is deny)";
  } else {
    details += " is denied by rule " + rule->name + " (authorization)";
  }
  return Verdict::reply({.code = ErrorCode::kDenied, .details = std::move(details)});
}

}  // namespace woad
