#include "proxy/yaml/difference.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace woad::yaml {
namespace {

std::optional<std::vector<std::string>> names_of(const Value& list) {
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  for (const Value& item : list) {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string()) return {};
    names.push_back(item["name"].get<std::string>());
    if (!seen.insert(names.back()).second) return {};
  }
  return names;
}

std::vector<std::string> keys_of(const Value& map) {
  std::vector<std::string> keys;
  for (const auto& item : map.items()) keys.push_back(item.key());
  return keys;
}

size_t position(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// Those that stay are in the same order in both.
bool same_order(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  size_t last = 0;
  for (const std::string& name : after) {
    const size_t at = position(before, name);
    if (at == before.size()) continue;
    if (at < last) return false;
    last = at;
  }
  return true;
}

bool comparable(const Value& before, const Value& after) {
  if (before.is_object() && after.is_object()) return true;
  if (!before.is_array() || !after.is_array()) return false;
  const auto names = names_of(before);
  const auto new_names = names_of(after);
  return names && new_names && same_order(*names, *new_names);
}

class Comparison {
 public:
  Comparison(const Value& before, const Value& after)
      : before_(before), after_(after), is_map_(before.is_object()) {
    names_ = is_map_ ? keys_of(before) : *names_of(before);
    new_names_ = is_map_ ? keys_of(after) : *names_of(after);
  }

  Difference run() {
    size_t at = 0;  // of before: what comes next
    for (size_t i = 0; i < new_names_.size(); ++i) {
      const size_t old = position(names_, new_names_[i]);
      if (old == names_.size()) {
        edits_.push_back({Edit::Kind::kInsert, key(new_names_[i]), at, item(after_, i)});
        continue;
      }
      compare(old, i);
      at = std::max(at, old + 1);
    }
    for (size_t i = 0; i < names_.size(); ++i) {
      if (position(new_names_, names_[i]) == new_names_.size()) {
        edits_.push_back({Edit::Kind::kRemove, key(names_[i]), i});
      }
    }
    return std::move(edits_);
  }

 private:
  std::string key(const std::string& name) const { return is_map_ ? name : std::string(); }
  const Value& item(const Value& of, size_t at) const {
    return is_map_ ? of.at((&of == &before_ ? names_ : new_names_)[at]) : of.at(at);
  }

  void compare(size_t old, size_t now) {
    const Value& was = item(before_, old);
    const Value& is = item(after_, now);
    if (was == is) return;
    if (!comparable(was, is)) {
      edits_.push_back({Edit::Kind::kReplace, key(names_[old]), old, is});
      return;
    }
    Difference within = difference(was, is);
    if (within.empty()) return;  // another order of keys
    edits_.push_back({Edit::Kind::kWithin, key(names_[old]), old, is, std::move(within)});
  }

  const Value& before_;
  const Value& after_;
  bool is_map_;
  std::vector<std::string> names_;
  std::vector<std::string> new_names_;
  Difference edits_;
};

void add_operations(Value& patch, const Value::json_pointer& path, bool is_map, const Value& before,
                    const Difference& difference);

void add_operation(Value& patch, const Value::json_pointer& path, bool is_map, const Value& before,
                   const Edit& edit) {
  const auto place = is_map ? path / edit.key : path / edit.at;
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
    case Edit::Kind::kWithin: {
      const Value& inner = is_map ? before.at(edit.key) : before.at(edit.at);
      add_operations(patch, place, inner.is_object(), inner, edit.within);
      break;
    }
  }
}

// From the last entry to the first, so that the numbers of those before stay as they were; of
// several that are put in one place the last goes first.
void add_operations(Value& patch, const Value::json_pointer& path, bool is_map, const Value& before,
                    const Difference& difference) {
  std::vector<const Edit*> order;
  for (const Edit& edit : difference) order.push_back(&edit);
  std::reverse(order.begin(), order.end());
  std::stable_sort(order.begin(), order.end(), [](const Edit* a, const Edit* b) {
    const auto is_insert = [](const Edit* edit) { return edit->kind == Edit::Kind::kInsert; };
    if (a->at != b->at) return a->at > b->at;
    return !is_insert(a) && is_insert(b);
  });
  for (const Edit* edit : order) add_operation(patch, path, is_map, before, *edit);
}

}  // namespace

Difference difference(const Value& before, const Value& after) {
  return Comparison(before, after).run();
}

Value json_patch(const Value& before, const Difference& difference) {
  Value patch = Value::array();
  add_operations(patch, Value::json_pointer(), before.is_object(), before, difference);
  return patch;
}

}  // namespace woad::yaml
