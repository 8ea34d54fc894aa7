// Settings of the trace filter.
#pragma once

#include <optional>

#include "config/table.h"

namespace woad {

struct TraceSettings {
  std::optional<config::Share> sample{};  // none: tracing.sample

  bool operator==(const TraceSettings&) const = default;
};

extern const config::Table<TraceSettings> kTraceTable;

}  // namespace woad
