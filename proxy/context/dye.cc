#include "proxy/context/dye.h"

#include <xxhash.h>

namespace woad {
namespace {

uint64_t hash(std::string_view text, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

// The value of one cookie (RFC 6265 section 4.2.1); "" when it does not come.
std::string_view cookie_value(const Headers& headers, std::string_view name) {
  for (const Header& field : headers) {
    if (field.id != HeaderId::kCookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t end = rest.find(';');
      std::string_view pair = rest.substr(0, end);
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name)) {
        return pair.substr(name.size() + 1);
      }
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

}  // namespace

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
  const uint64_t draw = hash(drawn_from, hash(color, hash(tenant)));
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
