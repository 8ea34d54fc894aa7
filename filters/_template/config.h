// Settings of the template filter.
#pragma once

#include "config/table.h"

namespace woad {

// The initialisers are the defaults of the file.
struct TemplateSettings {
  bool enabled = true;

  bool operator==(const TemplateSettings&) const = default;
};

extern const config::Table<TemplateSettings> kTemplateTable;

}  // namespace woad
