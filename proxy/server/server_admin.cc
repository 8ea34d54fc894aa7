#include "proxy/server/server_admin.h"

#include "proxy/log/log.h"
#include "proxy/server/process_metrics.h"

namespace woad {

std::vector<ExtraFamily> ServerAdmin::process_metrics() {
  const Snapshot& running = *snapshot();
  std::vector<ExtraFamily> all = context_metrics(running.context.table->counters());
  for (auto& family : span_metrics(parts_.deployment.exporter()->counts())) {
    all.push_back(std::move(family));
  }
  all.push_back(memory_ceiling_metric(parts_.memory.ceiling()));
  for (auto& family : parts_.certificates.metrics(running)) all.push_back(std::move(family));
  return all;
}

std::vector<std::string> ServerAdmin::warnings() {
  std::vector<std::string> lines;
  const std::string& error = parts_.rollout.status().last_error;
  if (!error.empty()) {
    lines.push_back("warning: the newest configuration was refused, an older one runs: " +
                    error.substr(0, error.find('\n')));
  }
  for (auto& line : parts_.certificates.warnings(*snapshot(), wall())) {
    lines.push_back(std::move(line));
  }
  return lines;
}

bool ServerAdmin::set_log_level(const std::string& level) { return woad::set_log_level(level); }

}  // namespace woad
