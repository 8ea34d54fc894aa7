#include "proxy/control/documents/words.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"

namespace woad::control {
namespace {

// What cannot begin a plain scalar (YAML 1.2.2, section 7.3.3, c-indicator), and more than that: a
// dash, a question mark and a colon may, before a letter.
constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@` \t";
// Keys that some reader takes for no text.
constexpr std::array<std::string_view, 8> kWords = {"null", "true", "false", "yes",
                                                    "no",   "on",   "off",   "y"};

bool may_be_plain(std::string_view text) {
  if (text.empty() || text == "~" || lower(text) == "null") return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  const bool dashed = text.size() > 1 && text.front() == '-' && text[1] != ' ' && text[1] != '-';
  if (!dashed && kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) {
    return false;
  }
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) >= 0x7f;
  });
}

bool is_simple_key(std::string_view text) {
  if (text.empty() || !(is_letter(text.front()) || text.front() == '_')) return false;
  if (std::find(kWords.begin(), kWords.end(), lower(text)) != kWords.end()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
  });
}

}  // namespace

std::string in_quotes(std::string_view text) { return json_line(nlohmann::json(text)); }

std::string as_written(std::string_view text, bool plain) {
  return plain && may_be_plain(text) ? std::string(text) : in_quotes(text);
}

std::string as_key(std::string_view text) {
  return is_simple_key(text) ? std::string(text) : in_quotes(text);
}

}  // namespace woad::control
