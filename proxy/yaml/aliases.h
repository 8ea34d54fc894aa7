// The aliases (`*name`) in a document, and what they stand for. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/yaml/node.h"

namespace woad::yaml {

struct Alias {
  // The key that it is the value of; of an item of a list, the byte that the list begins with, for
  // the text of the item itself is not known.
  size_t at;
  const Node* node;  // at its anchor
};

// In the order of the text. Those inside of what another one stands for are not among them.
std::vector<Alias> aliases_of(const Node& root);

// "&name" of a node that has one.
std::string_view anchor_of(std::string_view text, const Node& node);

}  // namespace woad::yaml
