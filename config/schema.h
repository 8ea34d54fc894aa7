// The JSON schema of the file and the rows of the reference, both from the decode tables.
#pragma once

#include <string>
#include <vector>

#include "config/shape.h"

namespace woad::config {

// A filter's part of the schema: its name and Table::schema_text() of its settings.
struct FilterSchema {
  std::string name;
  std::string schema;
};

// The whole schema, indented, with a final newline: what config/schema.json holds.
std::string schema_text(const std::vector<FilterSchema>& filters);

// A line a key of the file, filters' settings left out.
std::vector<ReferenceRow> reference_rows();
// As lines of a Markdown table without its head.
std::string reference_table(const std::vector<ReferenceRow>& rows);

}  // namespace woad::config
