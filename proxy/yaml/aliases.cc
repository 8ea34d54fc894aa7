#include "proxy/yaml/aliases.h"

namespace woad::yaml {
namespace {

void collect(const Node& node, std::vector<Alias>& aliases) {
  for (const Entry& entry : node.entries) {
    if (entry.origin == Entry::Origin::kMerged) continue;
    if (entry.value.shared) {
      aliases.push_back({node.is_map() ? entry.begin : node.begin, &entry.value});
    } else {
      collect(entry.value, aliases);
    }
  }
}

}  // namespace

std::vector<Alias> aliases_of(const Node& root) {
  std::vector<Alias> aliases;
  collect(root, aliases);
  return aliases;
}

std::string_view anchor_of(std::string_view text, const Node& node) {
  const size_t at = text.substr(0, node.begin).rfind('&');
  if (at == std::string_view::npos) return {};
  return text.substr(at, text.find_first_of(" \t\r\n,]}", at) - at);
}

}  // namespace woad::yaml
