// Settings of the fault filter.
#pragma once

#include <optional>

#include "config/table.h"

namespace woad {

struct FaultDelay {
  config::Share percent;
  Duration time{};

  bool operator==(const FaultDelay&) const = default;
};

struct FaultAbort {
  config::Share percent;
  uint32_t status = 503;

  bool operator==(const FaultAbort&) const = default;
};

struct FaultSettings {
  std::optional<FaultDelay> delay{};
  std::optional<FaultAbort> abort{};
  bool only_dyed = true;

  bool operator==(const FaultSettings&) const = default;
};

extern const config::Table<FaultSettings> kFaultTable;

}  // namespace woad
