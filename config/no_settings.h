// What a filter without settings has for settings: nothing may stand under its name.
#pragma once

#include "config/table.h"

namespace woad::config {

struct NoSettings {
  bool operator==(const NoSettings&) const = default;
};

inline const Table<NoSettings> kNoSettings{};

}  // namespace woad::config
