#include "proxy/yaml/json_value.h"

#include <algorithm>

#include "proxy/yaml/read.h"

namespace woad::yaml {
namespace {

// nullptr: each key stands there once.
const std::string* key_twice(const Value::object_t& map) {
  std::vector<const std::string*> keys;
  keys.reserve(map.size());
  for (const auto& member : map) keys.push_back(&member.first);
  const auto less = [](const std::string* a, const std::string* b) { return *a < *b; };
  std::sort(keys.begin(), keys.end(), less);
  const auto same = [](const std::string* a, const std::string* b) { return *a == *b; };
  const auto found = std::adjacent_find(keys.begin(), keys.end(), same);
  return found == keys.end() ? nullptr : *found;
}

class Builder final : public nlohmann::json_sax<Value> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Value::object()); }
  bool start_array(size_t) override { return open(Value::array()); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool end_object() override {
    const std::string* const twice = key_twice(open_.back()->get_ref<Value::object_t&>());
    if (twice != nullptr) {
      fault_ = "the key " + config::in_quotes(*twice) + " stands twice, at " +
               path_words(path() / *twice);
      return false;
    }
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    fault_ = "it is no JSON";
    return false;
  }

  const std::string& fault() const { return fault_; }
  Value take() { return std::move(root_); }

 private:
  bool add(Value value) {
    put(std::move(value));
    return true;
  }

  bool open(Value value) {
    if (open_.size() >= static_cast<size_t>(kMaxDepth)) {
      fault_ = "it has " + std::string(kTooDeep);
      return false;
    }
    open_.push_back(put(std::move(value)));
    return true;
  }

  // Where it is now; it stays there until what holds it gets another member.
  Value* put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Value& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto& map = parent.get_ref<Value::object_t&>();
    map.emplace_back(std::move(key_), std::move(value));
    return &map.back().second;
  }

  // Of what is open last: each that is open is the last member of the one before.
  Value::json_pointer path() const {
    Value::json_pointer path;
    for (size_t i = 0; i + 1 < open_.size(); ++i) {
      const Value& parent = *open_[i];
      if (parent.is_array()) {
        path /= parent.size() - 1;
      } else {
        path /= parent.get_ref<const Value::object_t&>().back().first;
      }
    }
    return path;
  }

  Value root_;
  std::vector<Value*> open_;
  std::string key_;
  std::string fault_;
};

}  // namespace

Result<Value> json_value(std::string_view text) {
  Builder builder;
  if (!Value::sax_parse(text, &builder)) return Error{builder.fault()};
  return builder.take();
}

}  // namespace woad::yaml
