#include "proxy/otlp/environment.h"

#include "proxy/base/strings.h"

namespace woad {
namespace {

// False for "%" without two digits behind it.
bool whole_escapes(std::string_view text) {
  const auto digit = [&](size_t at) { return at < text.size() && hex_digit(text[at]) >= 0; };
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (!digit(at + 1) || !digit(at + 2)) return false;
  }
  return true;
}

}  // namespace

std::optional<OtelPairs> parse_otel_pairs(std::string_view text) {
  OtelPairs pairs;
  bool good = true;
  for_each_list_item(text, [&](std::string_view item) {
    const size_t equals = item.find('=');
    const std::string_view key = trim(item.substr(0, equals));
    if (equals == std::string_view::npos || key.empty() || !whole_escapes(item)) {
      return good = false;
    }
    const std::string_view value = trim(item.substr(equals + 1));
    pairs.emplace_back(percent_decoded(key, false), percent_decoded(value, false));
    return true;
  });
  return good ? std::optional(std::move(pairs)) : std::nullopt;
}

std::string OtelEnvironment::text(const std::string& name) const {
  return std::string(trim(variables_.variable(name).value_or("")));
}

std::pair<std::string, std::string> OtelEnvironment::signal_or_general(
    const std::string& what) const {
  const std::string own = "OTEL_EXPORTER_OTLP_TRACES_" + what;
  if (const std::string value = text(own); !value.empty()) return {own, value};
  const std::string general = "OTEL_EXPORTER_OTLP_" + what;
  return {general, text(general)};
}

bool OtelEnvironment::is_true(const std::string& name) const {
  return equals_ignore_case(text(name), "true");
}

std::optional<uint64_t> OtelEnvironment::number(const std::string& name, const std::string& value,
                                                uint64_t most) {
  if (value.empty()) return std::nullopt;
  const auto parsed = parse_decimal(value);
  if (parsed && *parsed > 0 && *parsed <= most) return parsed;
  warn(name, "is not a number from 1 to " + std::to_string(most) + ", the default stays");
  return std::nullopt;
}

void OtelEnvironment::warn(const std::string& name, std::string_view why) {
  warnings_.push_back(name + ": " + std::string(why));
}

}  // namespace woad
