// color_routing has no settings of its own: `pools` and `fallback` stand at each service.
#pragma once

#include "config/table.h"

namespace woad {

struct ColorRoutingSettings {
  bool operator==(const ColorRoutingSettings&) const = default;
};

extern const config::Table<ColorRoutingSettings> kColorRoutingTable;

}  // namespace woad
