// Dye rules: how a request without a colour gets one. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/match/matcher.h"

namespace woad {

struct DyeRule {
  std::string name;  // "dye[2]"
  Matcher match;
  std::string color;   // "" = left alone
  std::string tenant;  // "" = left alone
  double share = 1;    // 0 to 1
  // The value that keeps a percentage the same for the same user; at most one of the two.
  std::optional<HeaderName> sticky_header;
  std::string sticky_cookie;

  // Whether a matching request falls into the share: the same sticky value, or else the same
  // request id, gives the same answer for rules that set the same, in every sidecar.
  bool takes(const RequestHead& head, std::string_view request_id) const;
};

// The first rule that matches and takes the request, or nullptr.
const DyeRule* find_dye(const std::vector<DyeRule>& rules, const MatchInput& input,
                        std::string_view request_id);

}  // namespace woad
