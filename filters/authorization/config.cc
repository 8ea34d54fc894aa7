#include "filters/authorization/config.h"

#include <algorithm>

#include "config/tables.h"
#include "filters/authorization/ambiguous_path.h"
#include "proxy/match/compile_match.h"

namespace woad {
namespace {

using config::Diagnostics;
using config::Node;

// A rule as it is written.
struct RuleText {
  std::string name;  // left out: "rules[2]"
  AccessAction action = AccessAction::kDeny;
  config::Match match;
};

config::Shape<AccessAction> action() {
  return config::words<AccessAction>(
      {{"allow", AccessAction::kAllow}, {"deny", AccessAction::kDeny}});
}

// Conditions that would not do what they seem to.
void check_match(const config::Match& match, Diagnostics& diagnostics) {
  if (!match.source) return;
  for (const Node condition : match.source.items()) {
    if (condition.is_null() || (!condition.is_scalar() && condition.size() == 0)) {
      diagnostics.error(condition, "is empty and would hold for every request",
                        "leave it out to say so");
    }
  }
  if (match.path && match.path->kind != config::PathMatch::Kind::kRegex) {
    const std::string_view fault = path_ambiguity(match.path->text);
    if (!fault.empty()) {
      diagnostics.error(match.path->source,
                        "such requests are refused before any rule: it has " + std::string(fault));
    }
  }
  for (const auto& [name, value] : match.headers) {
    if (!is_framing(header_id(name))) continue;
    diagnostics.error_at_key(match.source.find("headers").find(name),
                             name + " belongs to the connection, and rules do not see it");
  }
}

const config::Table<RuleText>& rule_table() {
  static const config::Table<RuleText> table{
      {{"name", &RuleText::name, config::name(), "How refusals name it."},
       config::required<RuleText>({"action", &RuleText::action, action(), "What it does."},
                                  "write action: allow or action: deny"),
       {"match", &RuleText::match, config::match_table(), "Which requests; left out: all."}},
      [](const RuleText& rule, const Node&, Diagnostics& diagnostics) {
        check_match(rule.match, diagnostics);
      }};
  return table;
}

bool decode_rules(const Node& node, AccessRules& out, Diagnostics& diagnostics) {
  if (!config::detail::want_seq(node, "a list of rules", diagnostics)) return false;
  const size_t before = diagnostics.count();
  AccessRules rules;
  std::vector<std::string> names;
  for (const Node at : node.items()) {
    RuleText text;
    if (!rule_table().decode(at, text, diagnostics)) continue;
    if (text.name.empty()) text.name = "rules[" + std::to_string(names.size()) + "]";
    if (std::find(names.begin(), names.end(), text.name) != names.end()) {
      diagnostics.error_below(at, "name", "a rule before it is " + text.name + " already");
    }
    names.push_back(text.name);
    rules.add({std::move(text.name), text.action, compile_match(text.match, diagnostics)});
  }
  out = std::move(rules);
  return diagnostics.count() == before;
}

config::Shape<AccessRules> rules() {
  return {"list of rules",
          [] { return config::detail::list_schema(rule_table().schema_text()); },
          decode_rules,
          {}};
}

}  // namespace

const config::Table<AuthorizationSettings> kAuthorizationTable{
    {"default", &AuthorizationSettings::written_default, config::optional_of(action()),
     "What happens to requests that no rule matches; left out: deny once there is a rule."},
    {"rules", &AuthorizationSettings::rules, rules(), "Who may call what; deny wins over allow."},
};

}  // namespace woad
