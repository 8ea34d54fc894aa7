// What turns one value into another with little change, as a tree of edits: from it a text is
// rewritten in places, and a JSON Patch made.
//
// Maps are compared key by key. Lists of maps that have each a `name` of their own are compared
// item by item, by that name, and replaced when those that stay changed their order; all other
// lists are compared item by item, by position.
#pragma once

#include <string>
#include <vector>

#include "proxy/yaml/value.h"

namespace woad::yaml {

struct Edit;

// Of one map or list, in its order. Empty: nothing differs.
using Difference = std::vector<Edit>;

struct Edit {
  enum class Kind : uint8_t { kInsert, kReplace, kRemove, kWithin };

  Kind kind;
  std::string key;  // of a map; what kInsert adds, else of the value before
  // The entry before, by its number; kInsert: in front of that one, or behind all.
  size_t at = 0;
  Value value{};        // the new one, of kWithin as well
  Difference within{};  // of kWithin
};

// Both are maps.
Difference difference(const Value& before, const Value& after);

// The operations of RFC 6902 that do it.
Value json_patch(const Value& before, const Difference& difference);

}  // namespace woad::yaml
