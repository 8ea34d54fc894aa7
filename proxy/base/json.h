// JSON from text and to it, in one place: what reads and writes it is large, and each source that
// called the library would have a copy of its own. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace woad {

// is_discarded() when the text is no JSON.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);

// On one line. Bytes of a string that are no UTF-8 become U+FFFD.
std::string json_line(const nlohmann::json& json);
std::string json_line(const nlohmann::ordered_json& json);
// For people: indented, with a line end.
std::string json_page(const nlohmann::ordered_json& json);

}  // namespace woad
