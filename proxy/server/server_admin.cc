#include "proxy/server/server_admin.h"

#include <algorithm>
#include <iterator>

#include "proxy/base/strings.h"
#include "proxy/log/log.h"
#include "proxy/server/member_pages.h"
#include "proxy/server/process_metrics.h"

namespace woad {

// What a control plane sent and was refused before it was put in place is a reload as well.
ConfigStatus ServerAdmin::config_status() const {
  ConfigStatus status = parts_.rollout.status();
  const auto member = parts_.life.member_status();
  if (!member) return status;
  status.reloads_rejected += member->rejected;
  if (!member->refused.empty()) status.last_error = member->refused;
  return status;
}

std::vector<ExtraFamily> ServerAdmin::process_metrics() {
  std::vector<ExtraFamily> all;
  const auto add = [&all](std::vector<ExtraFamily> families) {
    std::move(families.begin(), families.end(), std::back_inserter(all));
  };
  if (const auto running = snapshot()) {
    add(context_metrics(running->context.table->counters()));
    add(parts_.certificates.metrics(*running));
  }
  if (const OtlpExporter* const exporter = parts_.deployment.exporter()) {
    add(span_metrics(exporter->counts()));
  }
  if (const auto member = parts_.life.member_status()) add(member_metrics(*member));
  all.push_back(memory_ceiling_metric(parts_.memory.ceiling()));
  return all;
}

std::vector<std::string> ServerAdmin::warnings() {
  std::vector<std::string> lines;
  const std::string error = config_status().last_error;
  if (!error.empty()) {
    lines.push_back("warning: the newest configuration was refused, an older one runs: " +
                    std::string(first_line(error)));
  }
  if (const auto member = parts_.life.member_status()) {
    for (auto& line : member_warnings(*member)) lines.push_back(std::move(line));
  }
  if (const auto running = snapshot()) {
    for (auto& line : parts_.certificates.warnings(*running, wall())) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

bool ServerAdmin::set_log_level(const std::string& level) { return woad::set_log_level(level); }

}  // namespace woad
