// JSON that somebody else wrote, read without trust: what is missing or of another type is empty.
// Each function follows `names` from member to member first. J: either type of nlohmann's. Any
// thread.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace woad::json {

// Null when there is none.
template <class J, class... Names>
const J& at(const J& value, const Names&... names) {
  static const J kNull;
  const J* found = &value;
  for (const std::string_view name : std::initializer_list<std::string_view>{names...}) {
    const auto member = found->find(name);
    found = member == found->end() ? &kNull : &*member;
  }
  return *found;
}

template <class J, class... Names>
std::string text(const J& value, const Names&... names) {
  const J& found = at(value, names...);
  return found.is_string() ? found.template get<std::string>() : std::string();
}

// Of a list; nothing else has items.
template <class J, class... Names>
const typename J::array_t& items(const J& value, const Names&... names) {
  static const typename J::array_t kNone;
  const J& found = at(value, names...);
  return found.is_array() ? found.template get_ref<const typename J::array_t&>() : kNone;
}

template <class J, class... Names>
bool is_true(const J& value, const Names&... names) {
  const J& found = at(value, names...);
  return found.is_boolean() && found.template get<bool>();
}

template <class J, class... Names>
bool is_false(const J& value, const Names&... names) {
  const J& found = at(value, names...);
  return found.is_boolean() && !found.template get<bool>();
}

}  // namespace woad::json
