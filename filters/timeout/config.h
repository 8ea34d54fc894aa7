// Settings of the timeout filter.
#pragma once

#include "config/table.h"

namespace woad {

// Zero is off.
struct TimeoutSettings {
  Duration request = seconds(15);
  Duration per_try{};
  Duration idle = minutes(5);

  bool operator==(const TimeoutSettings&) const = default;
};

extern const config::Table<TimeoutSettings> kTimeoutTable;

}  // namespace woad
