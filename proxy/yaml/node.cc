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

}  // namespace woad::yaml
