// Figures that belong to the process and no worker counts. Pure; any thread.
#pragma once

#include <vector>

#include "proxy/context/table.h"
#include "proxy/observe/prometheus.h"
#include "proxy/otlp/exporter.h"

namespace woad {

std::vector<ExtraFamily> context_metrics(const ContextTable::Counters& counters);
ExtraFamily memory_ceiling_metric(size_t bytes);
std::vector<ExtraFamily> span_metrics(const OtlpExporter::Counts& counts);

}  // namespace woad
