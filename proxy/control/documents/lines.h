// Values as lines of YAML that know where they come from. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/control/documents/value.h"

namespace woad::control {

// From here on, to the next spot of the line, it says what was written at `place`.
struct Spot {
  uint32_t line = 0;    // from 0
  uint32_t column = 0;  // from 1
  Place place;
};

struct Lines {
  std::string text;  // each line ends in '\n'
  uint32_t count = 0;
  std::vector<Spot> spots;  // by line and column

  void append(const Lines& more);
};

// By indentation, two columns a level; the same values give the same bytes. An entry of a map, or
// an item of a list, whose first line is indented by `column`.
Lines lines_of_entry(const Entry& entry, size_t column);
Lines lines_of_item(const Value& item, size_t column);
// A key alone: "name:".
Lines line_of_key(const Entry& entry, size_t column);

}  // namespace woad::control
