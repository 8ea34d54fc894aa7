#include "proxy/context/dye.h"

#include "proxy/base/stable_hash.h"
#include "proxy/http/cookie.h"

namespace woad {

bool DyeRule::takes(const RequestHead& head, std::string_view request_id) const {
  if (share >= 1) return true;
  std::string_view drawn_from;
  if (sticky_header) {
    const Header* field = head.headers.find(*sticky_header);
    if (field != nullptr) drawn_from = field->value;
  } else if (!sticky_cookie.empty()) {
    drawn_from = cookie_value(head.headers, sticky_cookie);
  }
  if (drawn_from.empty()) drawn_from = request_id;
  const uint64_t draw = stable_hash(drawn_from, stable_hash(color, stable_hash(tenant)));
  return static_cast<double>(draw >> 11) * 0x1.0p-53 < share;
}

const DyeRule* find_dye(const std::vector<DyeRule>& rules, const MatchInput& input,
                        std::string_view request_id) {
  for (const DyeRule& rule : rules) {
    if (rule.match.matches(input) && rule.takes(input.head, request_id)) return &rule;
  }
  return nullptr;
}

}  // namespace woad
