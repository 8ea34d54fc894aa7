// The one line that a newcomer's filter needs outside its folder.
#include "tests/newcomer/registry.h"

#include "tests/newcomer/color_gate/filter.h"

namespace woad::test {

const std::vector<FilterKind>& newcomer_registry() {
  static const std::vector<FilterKind> kinds{
      filter_kind<ColorGateFilter>("color_gate", FilterPlace::kOutbound),
  };
  return kinds;
}

}  // namespace woad::test
