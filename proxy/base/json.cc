#include "proxy/base/json.h"

#include <nlohmann/json.hpp>

namespace woad {
namespace {

constexpr int kOneLine = -1;

template <class Json>
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, false);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text) {
  return nlohmann::ordered_json::parse(text, nullptr, false);
}

std::string json_line(const nlohmann::json& json) { return text_of(json, kOneLine); }

std::string json_line(const nlohmann::ordered_json& json) { return text_of(json, kOneLine); }

std::string json_page(const nlohmann::ordered_json& json) { return text_of(json, 2) + "\n"; }

}  // namespace woad
