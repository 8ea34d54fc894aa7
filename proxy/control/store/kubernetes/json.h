// JSON that somebody else wrote, read without trust: what is missing or of another type is empty.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace woad::control::kubernetes {

using Json = nlohmann::json;

// The member of a map; null when there is none.
inline const Json& at(const Json& map, std::string_view name) {
  static const Json kNull;
  if (!map.is_object()) return kNull;
  const auto found = map.find(name);
  return found == map.end() ? kNull : *found;
}

inline std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}
inline std::string text(const Json& map, std::string_view name) { return text(at(map, name)); }

// Of a list; nothing else has items.
inline const Json::array_t& items(const Json& list) {
  static const Json::array_t kNone;
  return list.is_array() ? list.get_ref<const Json::array_t&>() : kNone;
}

inline bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }
inline bool is_false(const Json& value) { return value.is_boolean() && !value.get<bool>(); }

}  // namespace woad::control::kubernetes
