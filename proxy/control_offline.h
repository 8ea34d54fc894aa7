// `woad control check` and `woad control render`: what a folder of documents says, without a
// control plane. Blocks.
#pragma once

#include <string>
#include <vector>

#include "proxy/cli.h"
#include "proxy/filter/kind.h"

namespace woad {

// What to print, and whether it is good.
struct Printed {
  std::string out;
  std::string errors;      // "": good
  std::string warnings{};  // of what is good
};

Printed run_control_check(const ControlCheckCommand& command,
                          const std::vector<FilterKind>& registry);
Printed run_control_render(const ControlRenderCommand& command,
                           const std::vector<FilterKind>& registry);

}  // namespace woad
