#include "proxy/inject/app.h"

#include <algorithm>

#include "config/diagnostics.h"
#include "proxy/base/context_value.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"
#include "proxy/inject/sidecar.h"

namespace woad {
namespace {

// Calls `visit(container, path)` for the containers of a list.
template <class F>
void for_each_container(const Value& pod, const Pointer& path, const char* list, F&& visit) {
  const auto& containers = json::items(pod, "spec", list);
  for (size_t i = 0; i < containers.size(); ++i) visit(containers[i], path / "spec" / list / i);
}

bool check_list(const Value& spec, const Pointer& path, const char* key, Report& report) {
  const Value& list = json::at(spec, key);
  const bool good = list.is_null() ||
                    (list.is_array() && std::all_of(list.begin(), list.end(), [](const Value& one) {
                       return !json::text(one, "name").empty();
                     }));
  if (!good) report.errors.push_back({path / key, "must be a list of maps that have each a name"});
  return good;
}

bool check_names(const Value& spec, const Pointer& path, const char* key,
                 std::initializer_list<std::string_view> ours, Report& report) {
  const auto& list = json::items(spec, key);
  bool good = true;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string name = json::text(list[i], "name");
    if (std::find(ours.begin(), ours.end(), name) == ours.end()) continue;
    good = false;
    report.errors.push_back({path / key / i / "name",
                             config::in_quotes(name) +
                                 " is the sidecar's name, but woad inject did "
                                 "not put it there",
                             "call it otherwise"});
  }
  return good;
}

void add_probe(const Value& probe, const Pointer& path, std::vector<std::string>& paths,
               Report& report) {
  const Value& get = json::at(probe, "httpGet");
  if (get.is_null()) return;
  if (json::text(get, "scheme") == "HTTPS") {
    report.warnings.push_back({path / "httpGet",
                               "a probe by HTTPS has no certificate of the mesh, and fails where "
                               "inbound has mtls: strict"});
    return;
  }
  std::string what = json::text(get, "path");
  if (!what.starts_with('/')) what.insert(0, 1, '/');
  if (what.find(',') != std::string::npos) {
    report.warnings.push_back(
        {path / "httpGet" / "path",
         "has a comma, which WOAD_PROBE_PATHS cannot hold: under mtls: strict "
         "this probe fails",
         "name it in probe_paths of woad.yaml"});
    return;
  }
  if (std::find(paths.begin(), paths.end(), what) == paths.end()) paths.push_back(what);
}

bool runs_on(const Value& container) { return json::text(container, "restartPolicy") == "Always"; }

void warn_of_user(const Value& pod, const Pointer& path, Report& report) {
  const Value& of_pod = json::at(pod, "spec", "securityContext", "runAsUser");
  for (const char* const list : {"initContainers", "containers"}) {
    for_each_container(pod, path, list, [&](const Value& container, const Pointer& place) {
      const Value& own = json::at(container, "securityContext", "runAsUser");
      const bool says = !own.is_null();
      if ((says ? own : of_pod) != kSidecarUser) return;
      report.warnings.push_back(
          {says ? place / "securityContext" / "runAsUser"
                : path / "spec" / "securityContext" / "runAsUser",
           config::in_quotes(json::text(container, "name")) +
               " runs as user 1337, as the sidecar does: what it sends is not redirected",
           "let it run as another user"});
    });
  }
}

bool is_sidecar_port(const Value& port) {
  return port == 15000 || port == 15001 || port == 15006 || port == 15020 || port == 15021;
}

void warn_of_ports(const Value& pod, const Pointer& path, Report& report) {
  for_each_container(pod, path, "containers", [&](const Value& container, const Pointer& place) {
    const auto& ports = json::items(container, "ports");
    for (size_t i = 0; i < ports.size(); ++i) {
      const Value& port = json::at(ports[i], "containerPort");
      if (!is_sidecar_port(port)) continue;
      report.warnings.push_back({place / "ports" / i / "containerPort",
                                 port.dump() + " is a port of the sidecar",
                                 "let the app listen on another one"});
    }
  });
}

void check_color(const Value& pod, const Pointer& path, Report& report) {
  const std::string color = json::text(pod, "metadata", "labels", kColorLabel);
  if (color.empty()) return;
  const bool is_base = lower(color) == kBaseColor;
  if (!is_base && valid_context_value(lower(color))) return;
  report.errors.push_back(
      {path / "metadata" / "labels" / kColorLabel,
       is_base ? "base is reserved" : config::in_quotes(color) + " is no colour",
       is_base ? "leave the label out: that is the base" : "write red, or red.alice"});
}

}  // namespace

bool check_app(const Value& pod, const Pointer& path, Report& report) {
  const Value& spec = json::at(pod, "spec");
  const Pointer place = path / "spec";
  if (json::items(spec, "containers").empty()) {
    report.errors.push_back({place / "containers", "a pod needs containers"});
    return false;
  }
  const Value& metadata = json::at(pod, "metadata");
  if (!metadata.is_null() && !metadata.is_object()) {
    report.errors.push_back({path / "metadata", "must be a map"});
    return false;
  }
  for (const char* const key : {"containers", "initContainers", "volumes", "imagePullSecrets"}) {
    if (!check_list(spec, place, key, report)) return false;
  }
  bool good = check_names(spec, place, "containers", {kSidecarName, kRedirectName}, report);
  good = check_names(spec, place, "initContainers", {kSidecarName, kRedirectName}, report) && good;
  return check_names(spec, place, "volumes", {kConfigVolume, kTlsVolume}, report) && good;
}

std::string service_name(const Value& pod, const Wishes& wishes, const Target& target) {
  if (!wishes.service.empty()) return wishes.service;
  for (const char* const label : {"app.kubernetes.io/name", "app"}) {
    const std::string name = json::text(pod, "metadata", "labels", label);
    if (!name.empty()) return name;
  }
  return target.owner;
}

std::vector<std::string> probe_paths(const Value& pod, const Pointer& path, Report& report) {
  std::vector<std::string> paths;
  for (const char* const list : {"containers", "initContainers"}) {
    for_each_container(pod, path, list, [&](const Value& container, const Pointer& place) {
      if (std::string_view(list) == "initContainers" && !runs_on(container)) return;
      for (const char* const kind : {"startupProbe", "livenessProbe", "readinessProbe"}) {
        add_probe(json::at(container, kind), place / kind, paths, report);
      }
    });
  }
  return paths;
}

void judge_app(const Value& pod, const Pointer& path, const InjectSettings& settings,
               Report& report) {
  check_color(pod, path, report);
  warn_of_ports(pod, path, report);
  if (settings.redirect) warn_of_user(pod, path, report);
}

}  // namespace woad
