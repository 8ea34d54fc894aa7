#include "proxy/control/documents/value.h"

#include <algorithm>
#include <utility>

namespace woad::control {
namespace {

Value::Kind kind_of(const config::Node& node) {
  return node.is_map()      ? Value::Kind::kMap
         : node.is_seq()    ? Value::Kind::kList
         : node.is_scalar() ? Value::Kind::kScalar
                            : Value::Kind::kNull;
}

template <class Entries>
auto at_key(Entries& entries, std::string_view key) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const Entry& entry) { return entry.key == key; });
}

}  // namespace

const Entry* Value::find(std::string_view key) const {
  if (!is_map()) return nullptr;
  const auto found = at_key(entries, key);
  return found == entries.end() ? nullptr : &*found;
}

Value Value::take(std::string_view key) {
  if (!is_map()) return {};
  const auto found = at_key(entries, key);
  if (found == entries.end()) return {};
  Value value = std::move(found->value);
  entries.erase(found);
  return value;
}

Value value_of(const config::Node& node, uint32_t document) {
  Value value;
  value.kind = kind_of(node);
  value.plain = node.is_plain();
  value.text = node.text();
  value.place = {document, node.location()};
  value.entries.reserve(node.size());
  for (const config::Node at : node.items()) {
    value.entries.push_back(
        {std::string(at.key()), {document, at.key_location()}, value_of(at, document)});
  }
  return value;
}

void merge(Value& target, const Value& patch) {
  if (!patch.is_map()) {
    target = patch;
    return;
  }
  if (!target.is_map()) {
    target = {};
    target.kind = Value::Kind::kMap;
  }
  if (target.entries.empty()) target.place = patch.place;
  for (const Entry& entry : patch.entries) {
    auto found = at_key(target.entries, entry.key);
    if (entry.value.is_null()) {
      if (found != target.entries.end()) target.entries.erase(found);
      continue;
    }
    if (found == target.entries.end()) {
      found = target.entries.insert(found, Entry{entry.key, entry.key_place, {}});
    }
    found->key_place = entry.key_place;
    merge(found->value, entry.value);
  }
}

}  // namespace woad::control
