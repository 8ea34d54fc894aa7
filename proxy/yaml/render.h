// New values as text.
#pragma once

#include <string>

#include "proxy/yaml/value.h"

namespace woad::yaml {

// As entries of a block at `column` (from 0): lines that end in '\n', of which the first is not
// indented. `key`: of a map; nullptr: an item of a list, with its dash.
std::string render_block(const std::string* key, const Value& value, size_t column);

// All entries of a list or map that is not empty, in the same way.
std::string render_entries(const Value& value, size_t column);

// In brackets, as JSON, which is YAML too. `step`: spaces a level when it spreads over lines, of
// which all but the first are indented by `column`; 0: on one line.
std::string render_flow(const std::string* key, const Value& value, size_t column, size_t step);

}  // namespace woad::yaml
