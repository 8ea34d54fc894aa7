#include "proxy/yaml/read.h"

#include <nlohmann/json.hpp>

#include "proxy/base/strings.h"

namespace woad::yaml {
namespace {

// Nothing: all of it is UTF-8 without NUL.
std::optional<size_t> first_bad_byte(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0 || text[at] == '\0') return at;
    at += length;
  }
  return std::nullopt;
}

// Well-formed, and not deeper than what walks it recursively can bear.
bool is_json(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
  bool shallow = true;
  const auto look = [&shallow](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    shallow = shallow && depth < kMaxDepth;
    return false;  // nothing is kept
  };
  const auto parsed = nlohmann::json::parse(text, look, false);
  return shallow && !parsed.is_discarded();
}

}  // namespace

std::optional<std::vector<Node>> read(std::string_view text, config::Diagnostics& diagnostics) {
  if (text.size() > kMaxText) {
    diagnostics.error(config::Location{1, 1}, "", "the text is larger than 64 MiB");
    return std::nullopt;
  }
  if (const auto bad = first_bad_byte(text)) {
    diagnostics.error(location_of(text, *bad), "",
                      text[*bad] == '\0' ? "a NUL byte: this is no YAML" : "this is not UTF-8",
                      "save the file as UTF-8");
    return std::nullopt;
  }
  return is_json(text) ? read_json(text, diagnostics) : read_yaml(text, diagnostics);
}

std::string twice(std::string_view key) {
  return "the key " + config::in_quotes(key) + " stands here twice";
}

}  // namespace woad::yaml
