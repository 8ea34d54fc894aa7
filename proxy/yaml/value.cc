#include "proxy/yaml/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"

namespace woad::yaml {
namespace {

constexpr std::array<std::string_view, 3> kNull = {"", "~", "null"};
constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "on", "y"};
constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "off", "n"};

// "true", "True" or "TRUE", and no other mixture.
template <size_t kCount>
bool is_one_of(std::string_view text, const std::array<std::string_view, kCount>& words) {
  const std::string small = lower(text);
  if (std::find(words.begin(), words.end(), small) == words.end()) return false;
  const std::string_view rest = std::string_view(text).substr(std::min<size_t>(1, text.size()));
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_small = [](char c) { return c < 'A' || c > 'Z'; };
  return std::all_of(rest.begin(), rest.end(), is_small) ||
         (is_upper(text.front()) && std::all_of(rest.begin(), rest.end(), is_upper));
}

std::optional<int64_t> integer(std::string_view text) {
  const bool minus = text.starts_with('-');
  std::string_view digits = text;
  if (minus || text.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) base = 16;
  if (digits.starts_with("0o")) base = 8;
  if (digits.starts_with("0b")) base = 2;
  if (base != 10) {
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
  }
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return {};
  return minus ? -value : value;
}

Value plain_value(const std::string& text) {
  if (is_one_of(text, kNull)) return nullptr;
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  if (const auto number = integer(text)) return *number;
  if (text.find_first_not_of("0123456789+-.eE") == std::string::npos) {
    auto parsed = parse_ordered_json(text);
    if (parsed.is_number()) return parsed;
  }
  return text;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

// The names of a pointer, unescaped.
std::vector<std::string> tokens_of(const Value::json_pointer& path) {
  std::vector<std::string> tokens;
  for (auto at = path; !at.empty(); at.pop_back()) tokens.push_back(at.back());
  std::reverse(tokens.begin(), tokens.end());
  return tokens;
}

const Entry* step(const Node& node, const std::string& token) {
  if (node.is_map()) return node.find(token);
  const auto index = parse_decimal(token);
  return node.is_list() && index && *index < node.entries.size() ? &node.entries[*index] : nullptr;
}

}  // namespace

Value to_value(const Node& node) {
  if (node.kind == Node::Kind::kScalar) {
    return node.plain ? plain_value(node.text) : Value(node.text);
  }
  if (node.is_list()) {
    Value list = Value::array();
    for (const Entry& entry : node.entries) list.push_back(to_value(entry.value));
    return list;
  }
  // Each key stands there once; an assignment by key would look through all those before.
  Value::object_t map;
  for (const Entry& entry : node.entries) {
    if (entry.origin != Entry::Origin::kMerge) map.emplace_back(entry.key, to_value(entry.value));
  }
  return Value(std::move(map));
}

std::string path_words(const Value::json_pointer& path) {
  std::string words;
  for (const std::string& token : tokens_of(path)) {
    if (parse_decimal(token)) {
      words += "[" + token + "]";
    } else if (is_word(token)) {
      words += (words.empty() ? "" : ".") + token;
    } else {
      words += "[" + config::in_quotes(token) + "]";
    }
  }
  return words;
}

size_t place_of(const Node& root, const Value::json_pointer& path, bool key) {
  const Node* node = &root;
  size_t place = root.begin;
  for (const std::string& token : tokens_of(path)) {
    const Entry* const entry = step(*node, token);
    if (entry == nullptr) break;
    node = &entry->value;
    place =
        key || node->kind != Node::Kind::kScalar || node->text.empty() ? entry->begin : node->begin;
  }
  return place;
}

}  // namespace woad::yaml
