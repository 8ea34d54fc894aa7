#include "proxy/inject/inject.h"

#include <algorithm>

#include "proxy/base/json_reading.h"
#include "proxy/inject/app.h"
#include "proxy/inject/mark.h"
#include "proxy/inject/sidecar.h"
#include "proxy/inject/target.h"

namespace woad {
namespace {

// No key of a pod is called so.
constexpr const char* kAtEnd = "";

// With a new member in front of another one, or at the end when that is not there.
void put_before(Value& map, const char* key, const Value& value, const char* before) {
  if (map.contains(key) || !map.contains(before)) {
    map[key] = value;
    return;
  }
  Value::object_t with;
  for (auto& member : map.get_ref<Value::object_t&>()) {
    if (member.first == before) with.emplace_back(key, value);
    with.emplace_back(member.first, std::move(member.second));
  }
  map = std::move(with);
}

// The list or map below `key`, made of `empty` in front of `before` when it is not there.
Value& below(Value& map, const char* key, const Value& empty, const char* before, Mark& mark) {
  if (map.contains(key) && map[key].empty()) mark.keep(key, map[key]);
  if (json::at(map, key).is_null()) put_before(map, key, empty, before);
  return map[key];
}

Value& init_containers(Value& spec, Mark& mark) {
  return below(spec, "initContainers", Value::array(), "containers", mark);
}

void put_containers(Value& spec, const SidecarSpec& sidecar, Mark& mark) {
  const InjectSettings& settings = sidecar.settings;
  if (settings.native) {
    Value& init = init_containers(spec, mark);
    init.insert(init.begin(), sidecar_container(sidecar));
    mark.add("initContainers", kSidecarName);
  } else {
    Value& containers = spec["containers"];
    containers.insert(containers.begin(), sidecar_container(sidecar));
    mark.add("containers", kSidecarName);
  }
  if (!settings.redirect) return;
  // Behind the app's own where no sidecar runs yet: they would have no network.
  Value& init = init_containers(spec, mark);
  init.insert(settings.native ? init.begin() : init.end(), redirect_container(sidecar));
  mark.add("initContainers", kRedirectName);
}

void put_volumes(Value& spec, const SidecarSpec& sidecar, Mark& mark) {
  Value& volumes = below(spec, "volumes", Value::array(), kAtEnd, mark);
  for (Value& volume : sidecar_volumes(sidecar)) {
    mark.add("volumes", json::text(volume, "name"));
    volumes.push_back(std::move(volume));
  }
}

void put_pull_secrets(Value& spec, const InjectSettings& settings, Mark& mark) {
  for (const std::string& name : settings.image.pull_secrets) {
    Value& list = below(spec, "imagePullSecrets", Value::array(), kAtEnd, mark);
    const bool there = std::any_of(list.begin(), list.end(), [&](const Value& one) {
      return json::text(one, "name") == name;
    });
    if (there) continue;
    list.push_back({{"name", name}});
    mark.add("imagePullSecrets", name);
  }
}

void put_annotations(Value& pod, const InjectSettings& settings, Mark& mark) {
  Value& metadata = below(pod, "metadata", Value::object(), "spec", mark);
  Value& annotations = below(metadata, "annotations", Value::object(), kAtEnd, mark);
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
  if (json::text(spec, "os", "name") == "windows" ||
      json::text(spec, "nodeSelector", "kubernetes.io/os") == "windows") {
    return "is left alone: woad does not run on Windows";
  }
  if (target.is_pod && target.life == Target::Life::kFinishes && !settings.native) {
    return "is left alone: a Job would never finish with a sidecar that is no native one";
  }
  return {};
}

// Before anything else is read of it: what is wrong there hinders nobody.
bool is_left_alone(const Value& pod, const Target& target, const InjectSettings& settings,
                   Report& report) {
  if (is_disabled(pod)) return true;
  const std::string why = why_left_alone(json::at(pod, "spec"), target, settings);
  if (!why.empty()) report.warnings.push_back({target.document, "the pod " + why});
  return !why.empty();
}

void inject_pod(Value& pod, const Target& target, const InjectSettings& settings, Report& report) {
  const Wishes wishes = read_wishes(pod, target.path, report);
  if (!check_app(pod, target.path, report)) return;
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

  const SidecarSpec sidecar{settings, wishes, service, pod,
                            probe_paths(pod, target.path, wishes, report)};
  Mark mark;
  put_containers(pod["spec"], sidecar, mark);
  put_volumes(pod["spec"], sidecar, mark);
  put_pull_secrets(pod["spec"], settings, mark);
  put_annotations(pod, settings, mark);
}

// nullptr: an error was added.
Value* pod_of(Value& document, const Target& target, Report& report) {
  if (document.contains(target.path) && document[target.path].is_object()) {
    return &document[target.path];
  }
  report.errors.push_back({target.path, "is missing", "a pod needs a spec with containers"});
  return nullptr;
}

}  // namespace

Value inject(const Value& document, const InjectSettings& settings, Report& report) {
  Value injected = document;
  for (const Target& target : targets_of(document)) {
    Value* const pod = pod_of(injected, target, report);
    if (pod == nullptr) continue;
    const bool alone = is_left_alone(*pod, target, settings, report);
    Report ignored;
    take_out(*pod, target.path, alone ? ignored : report);
    if (!alone) inject_pod(*pod, target, settings, report);
  }
  return injected;
}

Value remove_injection(const Value& document, Report& report) {
  Value without = document;
  for (const Target& target : targets_of(document)) {
    Value* const pod = pod_of(without, target, report);
    if (pod != nullptr) take_out(*pod, target.path, report);
  }
  return without;
}

}  // namespace woad
