#include "proxy/inject/sidecar.h"

#include <array>

#include "proxy/base/json_reading.h"
#include "proxy/inject/quantity.h"

namespace woad {
namespace {

constexpr const char* kConfigFolder = "/etc/woad";
constexpr const char* kTlsFolder = "/var/run/woad/tls";

struct NodeLabel {
  const char* name;      // of the node
  const char* variable;  // that carries it
  const char* label;     // of the pod
};
constexpr std::array<NodeLabel, 3> kNodeLabels = {{
    {"color", "WOAD_COLOR", kColorLabel},
    {"tenant", "WOAD_TENANT", "woad.dev/tenant"},
    {"zone", "WOAD_ZONE", "topology.kubernetes.io/zone"},
}};

Value variable(const char* name, const std::string& value) {
  return {{"name", name}, {"value", value}};
}
Value of_pod(const char* name, const std::string& field) {
  return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", field}}}}}};
}

bool has_identity(const SidecarSpec& spec) {
  return spec.settings.identity.source != IdentitySource::kNone;
}
bool is_controlled(const SidecarSpec& spec) {
  return spec.wishes.config.empty() && !spec.settings.control_plane.empty();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// Kubernetes puts variables in for $(NAME), and one $ for two.
std::string without_variables(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

// A control plane that reads Kubernetes calls a service `name.namespace`.
void add_service(const SidecarSpec& spec, Value& list) {
  if (!is_controlled(spec) || spec.service.find('.') != std::string::npos) {
    list.push_back(variable("WOAD_SERVICE", spec.service));
    return;
  }
  list.push_back(of_pod("WOAD_NAMESPACE", "metadata.namespace"));
  list.push_back(variable("WOAD_SERVICE", spec.service + ".$(WOAD_NAMESPACE)"));
}

Value environment(const SidecarSpec& spec) {
  Value list = Value::array();
  add_service(spec, list);
  list.push_back(of_pod("WOAD_INSTANCE", "metadata.name"));
  list.push_back(of_pod("WOAD_ADVERTISE", "status.podIP"));
  std::vector<std::string> labels;
  for (const NodeLabel& one : kNodeLabels) {
    if (json::text(spec.pod, "metadata", "labels", one.label).empty()) continue;
    list.push_back(of_pod(one.variable, std::string("metadata.labels['") + one.label + "']"));
    labels.push_back(std::string(one.name) + "=$(" + one.variable + ")");
  }
  if (!labels.empty()) list.push_back(variable("WOAD_LABELS", joined(labels)));
  if (is_controlled(spec)) {
    list.push_back(variable("WOAD_CONTROL_PLANE", spec.settings.control_plane));
  }
  if (has_identity(spec)) list.push_back(variable("WOAD_TLS_DIR", kTlsFolder));
  if (!spec.probe_paths.empty()) {
    list.push_back(variable("WOAD_PROBE_PATHS", without_variables(joined(spec.probe_paths))));
  }
  return list;
}

Value mounts(const SidecarSpec& spec) {
  Value list = Value::array();
  Value config = {{"name", kConfigVolume}, {"mountPath", kConfigFolder}};
  if (!is_controlled(spec)) config["readOnly"] = true;
  list.push_back(std::move(config));
  if (has_identity(spec)) {
    list.push_back({{"name", kTlsVolume}, {"mountPath", kTlsFolder}, {"readOnly", true}});
  }
  return list;
}

Value probe(const char* path, int period, int failures) {
  return {{"httpGet", {{"path", path}, {"port", 15021}}},
          {"periodSeconds", period},
          {"timeoutSeconds", 2},
          {"failureThreshold", failures}};
}

// What the restricted Pod Security level asks of every container.
Value restricted() {
  return {{"runAsUser", kSidecarUser},
          {"runAsGroup", kSidecarUser},
          {"runAsNonRoot", true},
          {"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"capabilities", {{"drop", Value::array({"ALL"})}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Value image(const char* name, const SidecarSpec& spec) {
  return {{"name", name},
          {"image", spec.settings.image_reference()},
          {"imagePullPolicy", spec.settings.image.pull_policy}};
}

void set_amount(Value& resources, const char* side, const std::string& what,
                const std::string& amount) {
  if (amount.empty()) {
    if (resources.contains(side)) resources[side].erase(what);
  } else {
    resources[side][what] = amount;
  }
}

// A default gives way to what is written: no request stays above its limit.
void fit(Value& resources, const std::string& what, bool request_is_written) {
  if (!resources.contains("requests") || !resources.contains("limits")) return;
  Value& requests = resources["requests"];
  Value& limits = resources["limits"];
  if (!requests.contains(what) || !limits.contains(what)) return;
  const auto request = parse_quantity(requests[what].get<std::string>());
  const auto limit = parse_quantity(limits[what].get<std::string>());
  if (*request <= *limit) return;
  if (request_is_written) {
    limits[what] = requests[what];
  } else {
    requests[what] = limits[what];
  }
}

Value resources_of(const SidecarSpec& spec) {
  Value resources = spec.settings.resources;
  for (const auto& [what, amount] : spec.wishes.requests) {
    set_amount(resources, "requests", what, amount);
  }
  for (const auto& [what, amount] : spec.wishes.limits) {
    set_amount(resources, "limits", what, amount);
  }
  for (const std::string what : {"cpu", "memory"}) {
    fit(resources, what, spec.wishes.requests.contains(what));
  }
  for (const char* const side : {"requests", "limits"}) {
    if (resources.contains(side) && resources[side].empty()) resources.erase(side);
  }
  return resources;
}

Value identity_volume(const InjectSettings::Identity& identity) {
  Value volume = {{"name", kTlsVolume}};
  const std::string group = std::to_string(kSidecarUser);
  switch (identity.source) {
    case IdentitySource::kCertManager:
      volume["csi"] = {
          {"driver", "csi.cert-manager.io"},
          {"readOnly", true},
          {"volumeAttributes",
           {{"csi.cert-manager.io/issuer-name", identity.issuer_name},
            {"csi.cert-manager.io/issuer-kind", identity.issuer_kind},
            {"csi.cert-manager.io/issuer-group", identity.issuer_group},
            {"csi.cert-manager.io/uri-sans", "spiffe://" + identity.trust_domain +
                                                 "/ns/${POD_NAMESPACE}/sa/"
                                                 "${SERVICE_ACCOUNT_NAME}"},
            {"csi.cert-manager.io/key-usages", "digital signature,server auth,client auth"},
            {"csi.cert-manager.io/fs-group", group}}}};
      break;
    case IdentitySource::kSpiffe:
      volume["csi"] = {{"driver", "spiffe.csi.cert-manager.io"},
                       {"readOnly", true},
                       {"volumeAttributes", {{"spiffe.csi.cert-manager.io/fs-group", group}}}};
      break;
    case IdentitySource::kSecret: volume["secret"] = {{"secretName", identity.secret_name}}; break;
    case IdentitySource::kNone: break;
  }
  return volume;
}

}  // namespace

Value sidecar_container(const SidecarSpec& spec) {
  Value container = image(kSidecarName, spec);
  if (spec.settings.native) container["restartPolicy"] = "Always";
  container["args"] = Value::array({"run", "-c", "/etc/woad/woad.yaml"});
  container["env"] = environment(spec);
  container["ports"] =
      Value::array({{{"name", "woad-probes"}, {"containerPort", 15021}, {"protocol", "TCP"}},
                    {{"name", "woad-metrics"}, {"containerPort", 15020}, {"protocol", "TCP"}}});
  // The app is held back for two minutes at most, as long as a control plane may take to come.
  container["startupProbe"] = probe("/readyz", 1, 120);
  container["readinessProbe"] = probe("/readyz", 5, 3);
  container["livenessProbe"] = probe("/healthz", 10, 6);
  if (!spec.settings.native) {
    container["lifecycle"] = {
        {"postStart",
         {{"exec", {{"command", Value::array({"woad", "wait", "--timeout", "120s"})}}}}}};
  }
  Value resources = resources_of(spec);
  if (!resources.empty()) container["resources"] = std::move(resources);
  container["securityContext"] = restricted();
  container["volumeMounts"] = mounts(spec);
  return container;
}

Value redirect_container(const SidecarSpec& spec) {
  Value container = image(kRedirectName, spec);
  Value arguments = Value::array({"redirect", "--inbound", "15006", "--outbound", "15001", "--user",
                                  std::to_string(kSidecarUser)});
  for (const auto& [option, list] : spec.wishes.redirect) {
    arguments.push_back(option);
    arguments.push_back(list);
  }
  container["args"] = std::move(arguments);
  container["resources"] = {{"requests", {{"cpu", "10m"}, {"memory", "16Mi"}}},
                            {"limits", {{"memory", "64Mi"}}}};
  Value context = restricted();
  context["runAsUser"] = 0;
  context["runAsGroup"] = 0;
  context["runAsNonRoot"] = false;
  context["capabilities"]["add"] = Value::array({"NET_ADMIN"});
  container["securityContext"] = std::move(context);
  return container;
}

Value sidecar_volumes(const SidecarSpec& spec) {
  Value list = Value::array();
  if (is_controlled(spec)) {
    list.push_back({{"name", kConfigVolume}, {"emptyDir", Value::object()}});
  } else {
    const std::string name = spec.wishes.config.empty()
                                 ? spec.settings.config_map.value_or(kDefaultConfigMap)
                                 : spec.wishes.config;
    list.push_back({{"name", kConfigVolume}, {"configMap", {{"name", name}}}});
  }
  if (has_identity(spec)) list.push_back(identity_volume(spec.settings.identity));
  return list;
}

}  // namespace woad
