// How `control:` is written.
#pragma once

#include "config/table.h"
#include "proxy/control/documents/settings.h"

namespace woad::control {

const config::Table<Settings>& settings_table();

// SPIFFE patterns in which {service}, {name} and {namespace} may stand for those of a service.
config::Shape<std::string> identity_pattern();

// Such a pattern for one service.
std::string identity_of(std::string pattern, std::string_view service, std::string_view name,
                        std::string_view name_space);

}  // namespace woad::control
