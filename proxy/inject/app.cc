#include "proxy/inject/app.h"

#include <algorithm>
#include <unordered_set>

#include "config/diagnostics.h"
#include "config/request_path.h"
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

// What the kubelet asks of an app, as it does it: without a certificate of the mesh.
class Probes {
 public:
  Probes(const Wishes& wishes, Report& report) : report_(report) {
    for (const auto& option : wishes.redirect) {
      if (option.first != "--exclude-inbound-ports") continue;
      for_each_list_item(option.second, [this](std::string_view port) {
        excluded_.insert(parse_decimal(port).value_or(0));
        return true;
      });
    }
  }

  void read(const Value& container, const Pointer& path) {
    for (const char* const kind : {"startupProbe", "livenessProbe", "readinessProbe"}) {
      const Value& probe = json::at(container, kind);
      const Value& get = json::at(probe, "httpGet");
      if (comes_in(container, get)) read_get(get, path / kind / "httpGet");
      if (comes_in(container, json::at(probe, "grpc"))) {
        warn_of_certificate("a gRPC probe", path / kind / "grpc");
      }
    }
    for (const char* const hook : {"postStart", "preStop"}) {
      if (comes_in(container, json::at(container, "lifecycle", hook, "httpGet"))) {
        warn_of_certificate("a hook by HTTP", path / "lifecycle" / hook / "httpGet");
      }
    }
  }

  std::vector<std::string> take_paths() { return std::move(paths_); }

 private:
  // To the pod, at a port that is redirected to the sidecar.
  bool comes_in(const Value& container, const Value& action) const {
    if (action.is_null() || !json::text(action, "host").empty()) return false;
    const Value& port = number_of(container, json::at(action, "port"));
    return !port.is_number_integer() || !excluded_.contains(port.get<uint64_t>());
  }

  // A port may be named.
  static const Value& number_of(const Value& container, const Value& port) {
    for (const Value& one : json::items(container, "ports")) {
      if (port.is_string() && json::at(one, "name") == port) return json::at(one, "containerPort");
    }
    return port;
  }

  void warn_of_certificate(const std::string& what, Pointer path) {
    report_.warnings.push_back({std::move(path),
                                what + " has no certificate of the mesh, and fails where inbound "
                                       "has mtls: strict",
                                "name its port in woad.dev/exclude-inbound-ports"});
  }

  void read_get(const Value& get, const Pointer& path) {
    if (json::text(get, "scheme") == "HTTPS") return warn_of_certificate("a probe by HTTPS", path);
    std::string what = json::text(get, "path");
    if (!what.starts_with('/')) what.insert(0, 1, '/');
    what.resize(std::min(what.find('#'), what.size()));  // a fragment is not sent
    const std::string fault = fault_of(what);
    if (!fault.empty()) {
      report_.warnings.push_back({path / "path", fault + ": under mtls: strict this probe fails",
                                  "name it in probe_paths of woad.yaml as it goes out"});
    } else if (known_.insert(what).second) {
      paths_.push_back(std::move(what));
    }
  }

  // Why it cannot stand in WOAD_PROBE_PATHS; "": it can.
  static std::string fault_of(const std::string& path) {
    if (path.find(',') != std::string::npos) {
      return "has a comma, which WOAD_PROBE_PATHS cannot hold";
    }
    return config::fault_of_request_target(path);
  }

  Report& report_;
  std::unordered_set<uint64_t> excluded_;
  std::unordered_set<std::string> known_;
  std::vector<std::string> paths_;
};

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
  constexpr int kPorts[] = {15000, 15001, 15006, 15020, 15021};
  return std::ranges::any_of(kPorts, [&](int own) { return port == own; });
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
    std::string name = json::text(pod, "metadata", "labels", label);
    if (!name.empty()) return name;
  }
  return target.owner;
}

std::vector<std::string> probe_paths(const Value& pod, const Pointer& path, const Wishes& wishes,
                                     Report& report) {
  Probes probes(wishes, report);
  for (const char* const list : {"containers", "initContainers"}) {
    for_each_container(pod, path, list, [&](const Value& container, const Pointer& place) {
      if (std::string_view(list) == "initContainers" && !runs_on(container)) return;
      probes.read(container, place);
    });
  }
  return probes.take_paths();
}

void judge_app(const Value& pod, const Pointer& path, const InjectSettings& settings,
               Report& report) {
  check_color(pod, path, report);
  warn_of_ports(pod, path, report);
  if (settings.redirect) warn_of_user(pod, path, report);
}

}  // namespace woad
