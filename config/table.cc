#include "config/table.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"

namespace woad::config {

namespace {

using Json = nlohmann::ordered_json;

// The default of a scalar as JSON; nothing for lists and maps, whose text is for people alone.
void add_default(Json& schema, const std::string& text) {
  if (text.empty() || text.front() == '[') return;
  const auto number = parse_ordered_json(text);
  schema["default"] = number.is_number_unsigned() || number.is_boolean() ? number : Json(text);
}

}  // namespace

namespace detail {

std::string table_schema(const std::vector<FieldInfo>& fields) {
  Json properties = Json::object();
  Json needed = Json::array();
  for (const FieldInfo& field : fields) {
    Json schema = parse_ordered_json(field.schema());
    schema["description"] = field.doc;
    add_default(schema, field.default_text);
    properties[std::string(field.key)] = std::move(schema);
    if (field.is_required) needed.push_back(field.key);
  }
  Json schema;
  schema["type"] = needed.empty() ? Json::array({"object", "null"}) : Json("object");
  schema["additionalProperties"] = false;
  schema["properties"] = std::move(properties);
  if (!needed.empty()) schema["required"] = std::move(needed);
  return json_line(schema);
}

void table_rows(const std::vector<FieldInfo>& fields, const std::string& prefix,
                std::vector<ReferenceRow>& rows) {
  for (const FieldInfo& field : fields) {
    std::string path = prefix + std::string(field.key);
    const std::string shown = field.default_text == "[]" ? "" : field.default_text;
    rows.push_back(
        {path, field.type, field.is_required ? "required" : shown, std::string(field.doc)});
    if (field.rows) field.rows(path, rows);
  }
}

size_t unknown_key(const Node& node, const std::vector<std::string_view>& known, Diagnostics& d) {
  const size_t meant = nearest(node.key(), known);
  std::string hint = meant < known.size() ? "did you mean " + in_quotes(known[meant]) + "?" : "";
  if (hint.empty() && known.empty()) hint = "no key is known here";
  if (hint.empty() && known.size() <= 8) {
    for (const auto key : known) hint += (hint.empty() ? "known here: " : ", ") + std::string(key);
  }
  d.error_at_key(node, "unknown key", std::move(hint));
  return meant;
}

}  // namespace detail

}  // namespace woad::config
