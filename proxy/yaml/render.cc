#include "proxy/yaml/render.h"

#include <algorithm>
#include <array>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"

namespace woad::yaml {
namespace {

constexpr size_t kStep = 2;
// Texts that some reader of YAML takes for something else.
constexpr std::array<std::string_view, 11> kReserved = {"null", "true", "false", "yes", "no", "on",
                                                        "off",  "y",    "n",     "inf", "nan"};

// Whether every reader takes it for this text without quotes.
bool may_be_plain(const std::string& text) {
  if (text.empty() || !(is_letter(text.front()) || text.front() == '/')) return false;
  const std::string small = lower(text);
  if (std::find(kReserved.begin(), kReserved.end(), small) != kReserved.end()) return false;
  if (text.back() == ':') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("/._-:").find(c) != std::string_view::npos;
  });
}

std::string scalar(const Value& value) {
  const auto* const text = value.get_ptr<const std::string*>();
  return text != nullptr && may_be_plain(*text) ? *text : json_line(value);
}

void add_indent(std::string& out, size_t column) { out.append(column, ' '); }

void append_entries(std::string& out, const Value& value, size_t column);

// What stands behind a key and its colon.
void append_value(std::string& out, const Value& value, size_t column) {
  if (!value.is_structured() || value.empty()) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += '\n';
  add_indent(out, column + kStep);
  append_entries(out, value, column + kStep);
}

void append_item(std::string& out, const Value& value, size_t column) {
  out += '-';
  if (!value.is_structured() || value.empty()) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += ' ';
  append_entries(out, value, column + kStep);
}

void append_entries(std::string& out, const Value& value, size_t column) {
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) add_indent(out, column);
    first = false;
    if (value.is_array()) {
      append_item(out, item.value(), column);
    } else {
      out += scalar(item.key()) + ":";
      append_value(out, item.value(), column);
    }
  }
}

}  // namespace

std::string render_block(const std::string* key, const Value& value, size_t column) {
  std::string out;
  if (key == nullptr) {
    append_item(out, value, column);
  } else {
    out = scalar(*key) + ":";
    append_value(out, value, column);
  }
  return out;
}

std::string render_entries(const Value& value, size_t column) {
  std::string out;
  append_entries(out, value, column);
  return out;
}

std::string render_flow(const std::string* key, const Value& value, size_t column, size_t step) {
  std::string out = key == nullptr ? std::string() : json_line(Value(*key)) + ": ";
  if (step == 0) return out + json_line(value);
  const auto replace = Value::error_handler_t::replace;
  for (const char c : value.dump(static_cast<int>(step), ' ', false, replace)) {
    out += c;
    if (c == '\n') add_indent(out, column);
  }
  return out;
}

}  // namespace woad::yaml
