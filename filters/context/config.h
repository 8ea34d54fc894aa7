// context has no settings of its own: `context` and `dye` stand at the top of the file.
#pragma once

#include "config/table.h"

namespace woad {

struct ContextSettings {
  bool operator==(const ContextSettings&) const = default;
};

extern const config::Table<ContextSettings> kContextTable;

}  // namespace woad
