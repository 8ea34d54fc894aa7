// What documents say, merged: values that know where they were written. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace woad::control {

// Of all documents that are read together.
struct Place {
  static constexpr uint32_t kNoDocument = UINT32_MAX;

  uint32_t document = kNoDocument;  // an index (Sources)
  config::Location at;
};

struct Entry;

struct Value {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  bool plain = false;          // a scalar that was written without quotes
  std::string text;            // of a scalar, ${VAR} as it is written
  std::vector<Entry> entries;  // of a list (no keys) or map, in the order of the text
  Place place;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  // nullptr when it is no map or has no such key.
  const Entry* find(std::string_view key) const;
  // The value of `key`, taken out; a null one when it is not there.
  Value take(std::string_view key);
};

struct Entry {
  std::string key;
  Place key_place;
  Value value;
};

// `node` of a text that was read with Environment::verbatim(). Nowhere is null.
Value value_of(const config::Node& node, uint32_t document);

// RFC 7396, section 2: maps merge key by key, lists and scalars replace, null removes.
void merge(Value& target, const Value& patch);

}  // namespace woad::control
