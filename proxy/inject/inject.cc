#include "proxy/inject/inject.h"

#include <algorithm>

#include "proxy/base/json_reading.h"
#include "proxy/inject/app.h"
#include "proxy/inject/mark.h"
#include "proxy/inject/sidecar.h"
#include "proxy/inject/target.h"

namespace woad {
namespace {

// With a new member in front of another one, or at the end when that is not there.
void put_before(Value& map, const char* key, Value value, const char* before) {
  if (map.contains(key) || !map.contains(before)) {
    map[key] = std::move(value);
    return;
  }
  Value with = Value::object();
  for (const auto& item : map.items()) {
    if (item.key() == before) with[key] = std::move(value);
    with[item.key()] = item.value();
  }
  map = std::move(with);
}

// The list below `key`, made when it is not there.
Value& list_of(Value& spec, const char* key) {
  if (json::at(spec, key).is_null()) put_before(spec, key, Value::array(), "containers");
  return spec[key];
}

void put_containers(Value& spec, const SidecarSpec& sidecar, Mark& mark) {
  const InjectSettings& settings = sidecar.settings;
  if (settings.native) {
    Value& init = list_of(spec, "initContainers");
    init.insert(init.begin(), sidecar_container(sidecar));
    mark.add("initContainers", kSidecarName);
  } else {
    Value& containers = spec["containers"];
    containers.insert(containers.begin(), sidecar_container(sidecar));
    mark.add("containers", kSidecarName);
  }
  if (!settings.redirect) return;
  // Behind the app's own where no sidecar runs yet: they would have no network.
  Value& init = list_of(spec, "initContainers");
  init.insert(settings.native ? init.begin() : init.end(), redirect_container(sidecar));
  mark.add("initContainers", kRedirectName);
}

void put_volumes(Value& spec, const SidecarSpec& sidecar, Mark& mark) {
  if (json::at(spec, "volumes").is_null()) spec["volumes"] = Value::array();
  for (Value& volume : sidecar_volumes(sidecar)) {
    mark.add("volumes", json::text(volume, "name"));
    spec["volumes"].push_back(std::move(volume));
  }
}

void put_pull_secrets(Value& spec, const InjectSettings& settings, Mark& mark) {
  for (const std::string& name : settings.image.pull_secrets) {
    if (json::at(spec, "imagePullSecrets").is_null()) spec["imagePullSecrets"] = Value::array();
    Value& list = spec["imagePullSecrets"];
    const bool there = std::any_of(list.begin(), list.end(), [&](const Value& one) {
      return json::text(one, "name") == name;
    });
    if (there) continue;
    list.push_back({{"name", name}});
    mark.add("imagePullSecrets", name);
  }
}

void put_annotations(Value& pod, const InjectSettings& settings, Mark& mark) {
  if (json::at(pod, "metadata").is_null()) put_before(pod, "metadata", Value::object(), "spec");
  Value& metadata = pod["metadata"];
  if (json::at(metadata, "annotations").is_null()) metadata["annotations"] = Value::object();
  Value& annotations = metadata["annotations"];
  const auto put = [&](const char* name, const std::string& value) {
    if (annotations.contains(name)) return;
    annotations[name] = value;
    mark.add("annotations", name);
  };
  // kubectl logs and exec mean the app, not its first container.
  if (!settings.native) {
    put("kubectl.kubernetes.io/default-container",
        json::text(pod["spec"]["containers"][1], "name"));
  }
  if (settings.scrape_annotations && !annotations.contains("prometheus.io/scrape") &&
      !annotations.contains("prometheus.io/port") && !annotations.contains("prometheus.io/path")) {
    put("prometheus.io/scrape", "true");
    put("prometheus.io/port", "15020");
    put("prometheus.io/path", "/metrics");
  }
  annotations[kInjectedMark] = mark.text();
}

// Why a pod is left alone though nobody said so; "": it is not.
std::string why_left_alone(const Value& spec, const Target& target,
                           const InjectSettings& settings) {
  if (json::is_true(spec, "hostNetwork")) {
    return "is left alone: it uses the network of its host, which is not to be redirected";
  }
  if (json::text(spec, "os", "name") == "windows") {
    return "is left alone: woad does not run on Windows";
  }
  if (target.is_pod && target.life == Target::Life::kFinishes && !settings.native) {
    return "is left alone: a Job would never finish with a sidecar that is no native one";
  }
  return {};
}

void inject_pod(Value& document, const Target& target, const InjectSettings& settings,
                Report& report) {
  Value& pod = document[target.path];
  const Wishes wishes = read_wishes(pod, target.path, report);
  if (wishes.disabled || !check_app(pod, target.path, report)) return;
  const std::string why = why_left_alone(pod["spec"], target, settings);
  if (!why.empty()) {
    report.warnings.push_back({target.document, "the pod " + why});
    return;
  }
  if (target.life == Target::Life::kFinishes && !settings.native) {
    report.errors.push_back({target.document / "kind",
                             "a Job would never finish with a sidecar that is no native one",
                             "leave native as it is, or write woad.dev/inject: disabled"});
  }
  const std::string service = service_name(pod, wishes, target);
  if (service.empty()) {
    report.errors.push_back({target.document, "has no name that the service could be called by",
                             "write the annotation woad.dev/service"});
  }
  if (wishes.config.empty() && settings.control_plane.empty() && !settings.config_map) {
    report.warnings.push_back(
        {target.document,
         std::string("neither a control plane nor woad.dev/config is set, so woad.yaml comes from "
                     "the ConfigMap \"") +
             kDefaultConfigMap + "\" of the namespace",
         "set controlPlane or inject.configMap in --config"});
  }
  judge_app(pod, target.path, settings, report);
  if (!report.errors.empty()) return;

  const SidecarSpec sidecar{settings, wishes, service, pod, probe_paths(pod, target.path, report)};
  Mark mark;
  put_containers(pod["spec"], sidecar, mark);
  put_volumes(pod["spec"], sidecar, mark);
  put_pull_secrets(pod["spec"], settings, mark);
  put_annotations(pod, settings, mark);
}

}  // namespace

Value inject(const Value& document, const InjectSettings& settings, Report& report) {
  Value injected = remove_injection(document, report);
  for (const Target& target : targets_of(document)) {
    if (!report.errors.empty() && !injected.contains(target.path)) continue;
    inject_pod(injected, target, settings, report);
  }
  return injected;
}

Value remove_injection(const Value& document, Report& report) {
  Value without = document;
  for (const Target& target : targets_of(document)) {
    if (!without.contains(target.path) || !without[target.path].is_object()) {
      report.errors.push_back({target.path, "is missing", "a pod needs a spec with containers"});
      continue;
    }
    take_out(without[target.path], target.path, report);
  }
  return without;
}

}  // namespace woad
