// One member of a W3C baggage list (https://www.w3.org/TR/baggage/, section 3.3.1). Any thread.
#pragma once

#include <optional>
#include <string_view>

namespace woad {

// Views into the text that was parsed.
struct BaggageMember {
  std::string_view text;  // with its properties
  std::string_view key;
  std::string_view value;  // percent-encoded
};

// `text`: what stands between two commas, trimmed. Nothing when it breaks the grammar.
std::optional<BaggageMember> parse_baggage_member(std::string_view text);

}  // namespace woad
