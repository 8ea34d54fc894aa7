#include "proxy/base/context_value.h"

namespace woad {

bool valid_context_value(std::string_view value) {
  constexpr int kMaxParts = 4;
  if (value.empty() || value.size() > kMaxContextValue || value.front() == '-') return false;
  int parts = 1;
  char before = '.';
  for (const char c : value) {
    if (c == '.') {
      if (before == '.' || ++parts > kMaxParts) return false;
    } else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
      return false;
    }
    before = c;
  }
  return before != '.';
}

}  // namespace woad
