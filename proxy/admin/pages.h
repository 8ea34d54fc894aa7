// The bodies of admin answers, from plain values. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/backend.h"
#include "proxy/observe/prometheus.h"

namespace woad {

struct IndexLine {
  std::string_view method;
  std::string_view path;
  std::string_view purpose;
};

struct IndexPage {
  std::string service;
  std::string instance;
  std::string not_ready;  // "": ready
  std::vector<std::string> warnings;
  ConfigStatus status;
  std::vector<IndexLine> lines;
};

// HTML that fits one screen and loads nothing.
std::string index_page(const IndexPage& page);
// One line that begins with "warning: ".
std::string warning_line(const std::string& warning);
std::string config_status_json(const ConfigStatus& status);
// `active` may miss endpoints that nobody used yet.
std::string services_json(const Snapshot& snapshot, const EndpointsActive& active, MonoTime now);
// What the workers do not count: how the configuration came to be.
std::vector<ExtraFamily> config_metrics(const ConfigStatus& status);
// woad_breaker_state of the first WorkerMetrics::kMaxSeries pools in the order of the file.
ExtraFamily breaker_metrics(const Snapshot& snapshot);
ExtraFamily endpoint_metrics(const Snapshot& snapshot, MonoTime now);

}  // namespace woad
