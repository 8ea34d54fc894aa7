#include "config/schema.h"

#include <nlohmann/json.hpp>

#include "config/tables.h"
#include "proxy/base/json.h"

namespace woad::config {

namespace {

using Json = nlohmann::ordered_json;

Json filters_schema(const std::vector<FilterSchema>& filters) {
  Json properties = Json::object();
  for (const FilterSchema& filter : filters) {
    properties[filter.name] = parse_ordered_json(filter.schema);
  }
  Json schema = {{"type", {"object", "null"}}, {"properties", std::move(properties)}};
  if (!filters.empty()) schema["additionalProperties"] = false;
  return schema;
}

// An entry is a name, or a map of one name and its settings.
Json chain_schema(const std::vector<FilterSchema>& filters) {
  Json name = {{"type", "string"}};
  if (!filters.empty()) {
    name = {{"enum", Json::array()}};
    for (const FilterSchema& filter : filters) name["enum"].push_back(filter.name);
  }
  Json settings = filters_schema(filters);
  settings["type"] = "object";
  settings["minProperties"] = 1;
  settings["maxProperties"] = 1;
  return {{"type", {"array", "null"}},
          {"items", {{"anyOf", Json::array({std::move(name), std::move(settings)})}}}};
}

// A '|' would end the cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

}  // namespace

std::string schema_text(const std::vector<FilterSchema>& filters) {
  Json schema;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = "woad.yaml";
  schema["description"] = "One file configures one woad sidecar; see config/reference.md.";
  schema.update(parse_ordered_json(config_table().schema_text()));
  schema["$defs"]["variable"] = {{"type", "string"},
                                 {"pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"}};
  schema["$defs"]["filters"] = filters_schema(filters);
  schema["$defs"]["chain"] = chain_schema(filters);
  return json_page(schema);
}

std::vector<ReferenceRow> reference_rows() {
  std::vector<ReferenceRow> rows;
  config_table().rows("", rows);
  return rows;
}

std::string reference_table(const std::vector<ReferenceRow>& rows) {
  std::string out;
  for (const ReferenceRow& row : rows) {
    const std::string value = row.default_text.empty() || row.default_text == "required"
                                  ? row.default_text
                                  : "`" + row.default_text + "`";
    out +=
        "| `" + row.path + "` | " + cell(row.type) + " | " + value + " | " + cell(row.doc) + " |\n";
  }
  return out;
}

}  // namespace woad::config
