#include "tests/newcomer/color_gate/config.h"

namespace woad {

const config::Table<ColorGateSettings> kColorGateTable{
    {"closed", &ColorGateSettings::closed, "Colours whose requests are refused."},
    {"wait", &ColorGateSettings::wait, config::duration(Duration(0)),
     "How long a request waits at the gate."},
};

}  // namespace woad
