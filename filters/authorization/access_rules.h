// The rules of an authorization filter, compiled: what makes a request too ambiguous to judge, and
// which rule decides. Immutable once filled; any thread. Judging a clear request allocates nothing
// but in its arena.
#pragma once

#include <string>
#include <vector>

#include "proxy/match/matcher.h"

namespace woad {

enum class AccessAction : uint8_t { kAllow, kDeny };

struct AccessRule {
  std::string name;
  AccessAction action = AccessAction::kDeny;
  Matcher match;

  bool operator==(const AccessRule&) const = default;
};

class AccessRules {
 public:
  void add(AccessRule rule);
  bool empty() const { return rules_.empty(); }

  // "", or why rules and app may read the request differently, as a sentence without bytes of the
  // request: its path, where a rule names one; its method, likewise; a header or query key that a
  // rule names and that comes twice, as a list where a rule compares the whole value, or with '_'
  // for '-'.
  std::string ambiguity(const RequestHead& head) const;
  // The first deny rule that matches, else the first allow rule that does, else nullptr. Opaque
  // bytes are judged by who sends them: conditions on HTTP hold for rules that deny, and for no
  // rule that allows.
  const AccessRule* deciding(const MatchInput& input) const;
  // Whether a rule names this header, any case, '_' and '-' being the same.
  bool names(std::string_view header) const;

  bool operator==(const AccessRules& other) const { return rules_ == other.rules_; }

 private:
  // A header that rules name, each once.
  struct NamedHeader {
    HeaderName name;
    std::vector<std::string> exact;  // values that rules compare whole
  };

  void note(const Matcher::Named& condition);
  std::string method_ambiguity(const RequestHead& head) const;
  std::string header_ambiguity(const Headers& headers, const NamedHeader& named) const;

  std::vector<AccessRule> rules_;  // those that deny stand first
  size_t denying_ = 0;
  bool path_named_ = false;
  std::vector<std::string> methods_;  // that rules name
  std::vector<NamedHeader> headers_;
  std::vector<std::string> query_keys_;
};

}  // namespace woad
