// The decode tables of the file, shared by loading, the schema and the reference.
#pragma once

#include "config/table.h"
#include "config/types.h"

namespace woad::config {

const Table<Config>& config_table();

// Shapes that more than one place of the file uses.

// A host, "*.name" or "*"; in lower case, without a final dot.
Shape<std::string> host_pattern();
Shape<std::vector<uint16_t>> ports();
// `match`: see "Matchers" in config/reference.md.
const Table<Match>& match_table();
// A map from filters' names to their settings.
Shape<std::vector<FilterSettings>> filter_settings();
// A chain: names, or maps of one name and its settings.
Shape<std::vector<FilterSettings>> filter_chain();
// Labels; `color` and `tenant` are checked.
Shape<Labels> labels();

// A colour or tenant (`what`) as headers and labels have it.
Shape<std::string> context_value(std::string_view what);

// Why a label cannot have that value; "": it can.
struct LabelFault {
  std::string message{};
  std::string hint{};
};
LabelFault fault_of_label(std::string_view key, std::string_view value);

const Table<Tls>& tls_table();
const Table<ServiceTls>& service_tls_table();
const Table<Context>& context_table();
const Table<DyeRule>& dye_table();
const Table<Service>& service_table();
const Table<HealthCheck>& health_check_table();
// Whether endpoints that speak `protocol` can be asked so; false: errors were added.
bool suits(const HealthCheck& check, Protocol protocol, Diagnostics& diagnostics);
const Table<Route>& route_table();
Shape<std::vector<std::shared_ptr<const Service>>> services();

}  // namespace woad::config
