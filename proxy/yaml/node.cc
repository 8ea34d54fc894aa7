#include "proxy/yaml/node.h"

#include <algorithm>

namespace woad::yaml {

const Entry* Node::find(std::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  const auto found = std::find_if(entries.begin(), entries.end(), [key](const Entry& entry) {
    return entry.origin != Entry::Origin::kMerge && entry.key == key;
  });
  return found == entries.end() ? nullptr : &*found;
}

config::Location location_of(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line = before.rfind('\n');
  const size_t column = line == std::string_view::npos ? before.size() : before.size() - line - 1;
  return {static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<uint32_t>(column) + 1};
}

Lines::Lines(std::string_view text) : begins_{0} {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    begins_.push_back(at + 1);
  }
}

config::Location Lines::location_of(size_t at) const {
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), at);
  return {static_cast<uint32_t>(next - begins_.begin()),
          static_cast<uint32_t>(at - *(next - 1)) + 1};
}

}  // namespace woad::yaml
