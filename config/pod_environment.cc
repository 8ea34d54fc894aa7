#include "config/pod_environment.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/request_path.h"
#include "config/tables.h"
#include "proxy/base/strings.h"

namespace woad::config {
namespace {

std::string value_of(const Environment& environment, const std::string& name) {
  return std::string(trim(environment.variable(name).value_or("")));
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (comma != 0) parts.push_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return parts;
}

void add_labels(const std::string& list, Labels& labels, Diagnostics& diagnostics) {
  const auto error = [&](const std::string& what) {
    diagnostics.error(Location(), "node.labels", "WOAD_LABELS: " + what,
                      "labels are color=red,zone=z1");
  };
  const auto of_file = static_cast<std::ptrdiff_t>(labels.size());
  for (const std::string_view part : split(list)) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      error(in_quotes(part) + (equals == 0 ? " has no name" : " has no ="));
      continue;
    }
    const std::string key(part.substr(0, equals));
    const std::string value(part.substr(equals + 1));
    const LabelFault fault = fault_of_label(key, value);
    if (!fault.message.empty()) {
      error(fault.message);
      continue;
    }
    const auto there = std::find_if(labels.begin(), labels.end(),
                                    [&](const auto& label) { return label.first == key; });
    if (there == labels.end()) {
      labels.emplace_back(key, Located<std::string>{value, {}});
    } else if (there - labels.begin() >= of_file) {
      error(in_quotes(key) + " stands here twice");
    }
  }
}

void add_probe_paths(const std::string& list, std::vector<Inbound>& inbound,
                     Diagnostics& diagnostics) {
  for (const std::string_view path : split(list)) {
    const std::string fault = fault_of_request_target(path);
    if (!fault.empty()) {
      diagnostics.error(Location(), "inbound", "WOAD_PROBE_PATHS: " + fault);
      continue;
    }
    for (Inbound& listener : inbound) {
      listener.probe_paths.push_back(Located<std::string>{std::string(path), {}});
    }
  }
}

// A key that is near was told of as mistyped.
bool has_mistyped_service(const Node& node) {
  for (const Node at : node.items()) {
    if (at.key() == "service" || !did_you_mean(at.key(), {"service"}).empty()) return true;
  }
  return false;
}

}  // namespace

bool names_service(const Environment& environment) {
  return !value_of(environment, "WOAD_SERVICE").empty();
}

void complete_from(const Environment& environment, Config& config, Diagnostics& diagnostics) {
  NodeIdentity& node = config.node;
  if (node.service.empty()) node.service = value_of(environment, "WOAD_SERVICE");
  if (node.service.empty()) {
    const Node written = config.source.find("node");
    if (written.is_map() && !has_mistyped_service(written)) {
      diagnostics.error_below(written, "service", "is required and missing");
    }
  }
  if (node.instance.empty()) node.instance = value_of(environment, "WOAD_INSTANCE");
  if (node.instance.empty()) node.instance = environment.host_name;
  add_labels(value_of(environment, "WOAD_LABELS"), node.labels, diagnostics);
  // Of another machine it is not known: a file that needs one may have it there.
  const std::string tls = config.elsewhere ? "." : value_of(environment, "WOAD_TLS_DIR");
  if (!tls.empty() && !config.source.find("tls")) {
    const auto file = [&](std::string_view name) {
      return Located<std::string>{tls + "/" + std::string(name), {}};
    };
    Tls& own = config.tls.emplace();
    own.certificate = file("tls.crt");
    own.key = file("tls.key");
    own.trust_bundle = file("ca.crt");
  }
  add_probe_paths(value_of(environment, "WOAD_PROBE_PATHS"), config.inbound, diagnostics);
}

}  // namespace woad::config
