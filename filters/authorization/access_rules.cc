#include "filters/authorization/access_rules.h"

#include <algorithm>

#include "filters/authorization/ambiguous_path.h"
#include "proxy/base/strings.h"
#include "proxy/match/query.h"

namespace woad {
namespace {

// Whether a server that turns '-' into '_' (CGI and its kin) takes the two for one name.
bool same_variable(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return (x == '_' ? '-' : to_lower(x)) == (y == '_' ? '-' : to_lower(y));
  });
}

// Whether `value` is a list where one of the values that rules compare is meant.
bool is_list(std::string_view value, const std::vector<std::string>& exact) {
  return !exact.empty() && value.find(',') != std::string_view::npos &&
         std::find(exact.begin(), exact.end(), value) == exact.end();
}

// What is inside opaque bytes is not known: it may be all that a rule denies, and is nothing that a
// rule allows by what only HTTP says.
bool decides_opaque(const AccessRule& rule, std::string_view principal) {
  const Matcher& match = rule.match;
  const bool asks_for_http = !match.hosts.empty() || match.path || !match.methods.empty() ||
                             !match.headers.empty() || !match.query.empty() || match.color ||
                             match.tenant;
  if (asks_for_http && rule.action == AccessAction::kAllow) return false;
  return match.principals.empty() ||
         std::any_of(match.principals.begin(), match.principals.end(),
                     [&](const SpiffePattern& pattern) { return pattern.matches(principal); });
}

}  // namespace

void AccessRules::add(AccessRule rule) {
  path_named_ = path_named_ || rule.match.path.has_value();
  methods_.insert(methods_.end(), rule.match.methods.begin(), rule.match.methods.end());
  for (const auto& condition : rule.match.headers) note(condition);
  for (const auto& condition : rule.match.query) {
    if (std::find(query_keys_.begin(), query_keys_.end(), condition.key) == query_keys_.end()) {
      query_keys_.push_back(condition.key);
    }
  }
  const bool denies = rule.action == AccessAction::kDeny;
  const size_t place = denies ? denying_++ : rules_.size();
  rules_.insert(rules_.begin() + static_cast<std::ptrdiff_t>(place), std::move(rule));
}

void AccessRules::note(const Matcher::Named& condition) {
  auto named = std::find_if(headers_.begin(), headers_.end(),
                            [&](const NamedHeader& other) { return other.name == condition.name; });
  if (named == headers_.end()) named = headers_.insert(headers_.end(), {condition.name, {}});
  if (condition.value.kind() == ValueMatcher::Kind::kExact) {
    named->exact.push_back(condition.value.text());
  }
}

std::string AccessRules::ambiguity(const RequestHead& head) const {
  if (path_named_) {
    const std::string_view fault = path_ambiguity(head.path_only());
    if (!fault.empty()) return "rules judge paths, and this one has " + std::string(fault);
  }
  if (!methods_.empty() && head.method == Method::kOther) {
    std::string fault = method_ambiguity(head);
    if (!fault.empty()) return fault;
  }
  for (const NamedHeader& named : headers_) {
    std::string fault = header_ambiguity(head.headers, named);
    if (!fault.empty()) return fault;
  }
  for (const std::string& key : query_keys_) {
    if (count_query_key(head.query(), key) > 1) {
      return "a rule judges the query key " + key + ", which comes more than once";
    }
  }
  return {};
}

// A server that takes `get` for GET (RFC 9110 section 9.1 forbids it) would run what a rule about
// GET did not judge.
std::string AccessRules::method_ambiguity(const RequestHead& head) const {
  std::string_view meant = method_in_capitals(head.method_name);
  for (const std::string& named : methods_) {
    if (named == head.method_name) return {};
    if (equals_ignore_case(named, head.method_name)) meant = named;
  }
  if (meant.empty()) return {};
  return "rules judge methods, and this one differs from " + std::string(meant) + " by case alone";
}

std::string AccessRules::header_ambiguity(const Headers& headers, const NamedHeader& named) const {
  const auto says = [&named](std::string_view what) {
    return "a rule judges the header " + named.name.text + ", which comes " + std::string(what);
  };
  bool came = false;
  for (const Header& field : headers) {
    if (field.name.size() != named.name.text.size()) continue;
    if (!field.is(named.name)) {
      if (same_variable(field.name, named.name.text)) return says("with '_' and '-' exchanged");
      continue;
    }
    if (came) return says("more than once");
    if (is_list(field.value, named.exact)) return says("as a list");
    came = true;
  }
  return {};
}

const AccessRule* AccessRules::deciding(const MatchInput& input) const {
  const bool opaque = input.head.protocol == Protocol::kTcp;
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const AccessRule& rule) {
    return opaque ? decides_opaque(rule, input.principal) : rule.match.matches(input);
  });
  return found == rules_.end() ? nullptr : &*found;
}

bool AccessRules::names(std::string_view header) const {
  return std::any_of(headers_.begin(), headers_.end(), [&](const NamedHeader& named) {
    return same_variable(header, named.name.text);
  });
}

}  // namespace woad
