// Settings of the color_gate filter.
#pragma once

#include <string>
#include <vector>

#include "config/table.h"

namespace woad {

struct ColorGateSettings {
  std::vector<std::string> closed;
  Duration wait{};

  bool operator==(const ColorGateSettings&) const = default;
};

extern const config::Table<ColorGateSettings> kColorGateTable;

}  // namespace woad
