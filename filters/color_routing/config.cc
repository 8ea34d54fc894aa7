#include "filters/color_routing/config.h"

namespace woad {

const config::Table<ColorRoutingSettings> kColorRoutingTable{};

}  // namespace woad
