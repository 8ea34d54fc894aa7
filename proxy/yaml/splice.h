// Where the entries of a list or map begin and end in the text. Pure.
#pragma once

#include <string_view>

#include "proxy/yaml/node.h"

namespace woad::yaml {

// Bytes [begin, end).
struct Range {
  size_t begin;
  size_t end;
};

// The byte behind a value in brackets, or behind a scalar inside of some.
size_t flow_end(std::string_view text, size_t begin);

// How far a byte is from the beginning of its line, and where that is.
size_t column_of(std::string_view text, size_t at);
size_t line_begin(std::string_view text, size_t at);

// Where the document that `at` stands in ends: at a line of three dashes or dots, or with the text.
size_t document_end(std::string_view text, size_t at);

// Of an entry in a block: its key, or its dash.
size_t block_begin(std::string_view text, const Node& parent, size_t index);

// The lines of an entry in a block that begins at `begin`; nothing of it stands at `limit` or
// behind. Blank lines and comments that stand behind it and are not indented deeper are left out.
Range block_lines(std::string_view text, size_t begin, size_t limit);

}  // namespace woad::yaml
