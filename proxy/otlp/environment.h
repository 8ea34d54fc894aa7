// OTEL_ variables and the forms of their values. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"

namespace woad {

using OtelPairs = std::vector<std::pair<std::string, std::string>>;

// "a=1,b=2", percent-encoded as in W3C Baggage (OTEL_RESOURCE_ATTRIBUTES and the headers); nothing
// when it is not of that form.
std::optional<OtelPairs> parse_otel_pairs(std::string_view text);

// The variables, and the warnings about those that cannot be understood. Both outlive it.
class OtelEnvironment {
 public:
  OtelEnvironment(const config::Environment& variables, std::vector<std::string>& warnings)
      : variables_(variables), warnings_(warnings) {}

  // "" when unset.
  std::string text(const std::string& name) const;
  // Name and value of OTEL_EXPORTER_OTLP_TRACES_<what>, or without TRACES when that is unset.
  std::pair<std::string, std::string> signal_or_general(const std::string& what) const;
  bool is_true(const std::string& name) const;
  // From 1 to `most`; nothing when it is unset or, with a warning, when it is no such number.
  std::optional<uint64_t> number(const std::string& name, const std::string& value, uint64_t most);
  void warn(const std::string& name, std::string_view why);

 private:
  const config::Environment& variables_;
  std::vector<std::string>& warnings_;
};

}  // namespace woad
