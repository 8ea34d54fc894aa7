#include "proxy/yaml/difference.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "proxy/base/result.h"

namespace woad::yaml {
namespace {

using Names = std::vector<std::string_view>;

constexpr size_t kNone = static_cast<size_t>(-1);

// The name or key of each entry; nothing: the items of a list do not have each a name of their own.
std::optional<Names> names_of(const Value& value) {
  Names names;
  if (value.is_object()) {
    for (const auto& member : value.get_ref<const Value::object_t&>())
      names.push_back(member.first);
    return names;
  }
  std::unordered_set<std::string_view> seen;
  for (const Value& item : value) {
    if (!item.is_object()) return {};
    const auto name = item.find("name");
    if (name == item.end() || !name->is_string()) return {};
    names.push_back(*name->get_ptr<const std::string*>());
    if (!seen.insert(names.back()).second) return {};
  }
  return names;
}

const Value::object_t::value_type& member_at(const Value& map, size_t at) {
  const auto& members = map.get_ref<const Value::object_t&>();
  return *(members.begin() + static_cast<std::ptrdiff_t>(at));
}

const Value& item_at(const Value& of, size_t at) {
  return of.is_object() ? member_at(of, at).second : of[at];
}

// For each entry that is there after, the one before that it was; kNone: it is new.
using Matches = std::vector<size_t>;

Matches by_name(const Names& before, const Names& after) {
  std::unordered_map<std::string_view, size_t> places;
  for (size_t i = 0; i < before.size(); ++i) places.emplace(before[i], i);
  Matches matches;
  for (const std::string_view name : after) {
    const auto found = places.find(name);
    matches.push_back(found == places.end() ? kNone : found->second);
  }
  return matches;
}

// What is equal at both ends is the same, and so are those between in their order.
Matches by_position(const Value& before, const Value& after) {
  const size_t both = std::min(before.size(), after.size());
  size_t front = 0;
  while (front < both && before[front] == after[front]) ++front;
  size_t back = 0;
  while (back < both - front &&
         before[before.size() - 1 - back] == after[after.size() - 1 - back]) {
    ++back;
  }
  Matches matches(after.size(), kNone);
  for (size_t i = 0; i < both - back; ++i) matches[i] = i;
  for (size_t i = 1; i <= back; ++i) matches[after.size() - i] = before.size() - i;
  return matches;
}

// Those that stay are in the same order in both.
bool same_order(const Matches& matches) {
  size_t last = 0;
  for (const size_t match : matches) {
    if (match == kNone) continue;
    if (match < last) return false;
    last = match;
  }
  return true;
}

// Nothing: one is to be replaced by the other.
std::optional<Matches> matches_of(const Value& before, const Value& after) {
  const bool maps = before.is_object() && after.is_object();
  if (!maps && !(before.is_array() && after.is_array())) return {};
  const auto names = names_of(before);
  const auto new_names = names_of(after);
  if (!names || !new_names) return by_position(before, after);
  Matches matches = by_name(*names, *new_names);
  if (!maps && !same_order(matches)) return {};
  return matches;
}

class Comparison {
 public:
  Comparison(const Value& before, const Value& after) : before_(before), after_(after) {}

  Difference run(const Matches& matches) {
    size_t at = 0;  // of before: what comes next
    std::vector<bool> stays(before_.size());
    for (size_t i = 0; i < matches.size(); ++i) {
      const size_t old = matches[i];
      if (old == kNone) {
        edits_.push_back({Edit::Kind::kInsert, key(after_, i), at, item_at(after_, i)});
        continue;
      }
      stays[old] = true;
      compare(old, item_at(before_, old), item_at(after_, i));
      at = std::max(at, old + 1);
    }
    for (size_t i = 0; i < stays.size(); ++i) {
      if (!stays[i]) edits_.push_back({Edit::Kind::kRemove, key(before_, i), i});
    }
    return std::move(edits_);
  }

 private:
  static std::string key(const Value& of, size_t at) {
    return of.is_object() ? member_at(of, at).first : std::string();
  }

  void compare(size_t at, const Value& was, const Value& is) {
    if (was == is) return;
    const auto matches = matches_of(was, is);
    if (!matches) {
      edits_.push_back({Edit::Kind::kReplace, key(before_, at), at, is});
      return;
    }
    Difference within = Comparison(was, is).run(*matches);
    if (within.empty()) return;  // another order of keys
    edits_.push_back({Edit::Kind::kWithin, key(before_, at), at, is, std::move(within)});
  }

  const Value& before_;
  const Value& after_;
  Difference edits_;
};

void add_operations(Value& patch, const Value::json_pointer& path, const Value& before,
                    const Difference& difference);

void add_operation(Value& patch, const Value::json_pointer& path, const Value& before,
                   const Edit& edit) {
  const auto place = before.is_object() ? path / edit.key : path / edit.at;
  switch (edit.kind) {
    case Edit::Kind::kInsert:
      patch.push_back({{"op", "add"}, {"path", place.to_string()}, {"value", edit.value}});
      break;
    case Edit::Kind::kReplace:
      patch.push_back({{"op", "replace"}, {"path", place.to_string()}, {"value", edit.value}});
      break;
    case Edit::Kind::kRemove:
      patch.push_back({{"op", "remove"}, {"path", place.to_string()}});
      break;
    case Edit::Kind::kWithin:
      add_operations(patch, place, item_at(before, edit.at), edit.within);
      break;
  }
}

// From the last entry to the first, so that the numbers of those before stay as they were; of
// several that are put in one place the last goes first.
void add_operations(Value& patch, const Value::json_pointer& path, const Value& before,
                    const Difference& difference) {
  std::vector<const Edit*> order;
  for (const Edit& edit : difference) order.push_back(&edit);
  std::reverse(order.begin(), order.end());
  std::stable_sort(order.begin(), order.end(), [](const Edit* a, const Edit* b) {
    const auto is_insert = [](const Edit* edit) { return edit->kind == Edit::Kind::kInsert; };
    if (a->at != b->at) return a->at > b->at;
    return !is_insert(a) && is_insert(b);
  });
  for (const Edit* edit : order) add_operation(patch, path, before, *edit);
}

}  // namespace

Difference difference(const Value& before, const Value& after) {
  const auto matches = matches_of(before, after);
  WOAD_ASSERT(matches.has_value());
  return Comparison(before, after).run(*matches);
}

Value json_patch(const Value& before, const Difference& difference) {
  Value patch = Value::array();
  add_operations(patch, Value::json_pointer(), before, difference);
  return patch;
}

}  // namespace woad::yaml
