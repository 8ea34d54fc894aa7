#include "filters/_template/config.h"

namespace woad {

const config::Table<TemplateSettings> kTemplateTable{
    {"enabled", &TemplateSettings::enabled, "Whether the filter looks at requests at all."},
};

}  // namespace woad
