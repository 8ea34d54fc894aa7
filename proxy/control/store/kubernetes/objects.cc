#include "proxy/control/store/kubernetes/objects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"

namespace woad::control::kubernetes {
namespace {

// Labels of pods, and what the mesh calls them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kLabels = {
    {{"woad.dev/color", "color"},
     {"woad.dev/tenant", "tenant"},
     {"topology.kubernetes.io/zone", "zone"}}};

const Json& label(const Json& object, std::string_view name) {
  return json::at(object, "metadata", "labels", name);
}

// 0: none that can be connected to.
uint16_t port_number(const Json& port) {
  const std::string protocol = json::text(port, "protocol");
  const Json& number = json::at(port, "port");
  const bool good = (protocol.empty() || protocol == "TCP") && number.is_number_unsigned() &&
                    number.get<uint64_t>() <= 65535;
  return good ? number.get<uint16_t>() : uint16_t{0};
}

const Json& annotation(const Json& object, std::string_view name) {
  return json::at(object, "metadata", "annotations", name);
}

// By the mark of an injection: the names of what it put in, in JSON.
bool is_redirected(const Json& pod) {
  const Json mark = parse_json(json::text(annotation(pod, "woad.dev/injected")));
  const auto& names = json::items(mark, "initContainers");
  return std::any_of(names.begin(), names.end(),
                     [](const Json& name) { return json::text(name) == "woad-redirect"; });
}

bool takes_requests(const Json& endpoint) {
  const Json& conditions = json::at(endpoint, "conditions");
  return !json::is_false(conditions, "ready") && !json::is_true(conditions, "terminating");
}

}  // namespace

Result<Meta> read_meta(const Json& object) {
  const Json& metadata = json::at(object, "metadata");
  Meta meta{.name = {json::text(metadata, "namespace"), json::text(metadata, "name")}};
  const auto version = parse_decimal(json::text(metadata, "resourceVersion"));
  if (meta.name.name.empty() || !version) {
    return Error{"an object has no name, or a resourceVersion that is no number"};
  }
  meta.version = *version;
  return meta;
}

std::optional<ServiceObject> read_service(const Json& object) {
  const Json& spec = json::at(object, "spec");
  if (json::text(spec, "type") == "ExternalName") return {};
  ServiceObject service;
  for (const Json& port : json::items(spec, "ports")) {
    const uint16_t number = port_number(port);
    if (number != 0) {
      service.ports.push_back({json::text(port, "name"), number, json::text(port, "appProtocol")});
    }
  }
  if (service.ports.empty()) return {};
  for (const Json& address : json::items(spec, "clusterIPs")) {
    if (json::text(address) != "None") service.addresses.push_back(json::text(address));
  }
  const auto& families = json::items(spec, "ipFamilies");
  service.family = families.empty() ? "IPv4" : json::text(families.front());
  return service;
}

std::optional<SliceObject> read_slice(const Json& object) {
  SliceObject slice;
  slice.service = json::text(label(object, "kubernetes.io/service-name"));
  if (slice.service.empty()) return {};
  slice.family = json::text(object, "addressType");
  for (const Json& port : json::items(object, "ports")) {
    const uint16_t number = port_number(port);
    if (number != 0) slice.ports[json::text(port, "name")] = number;
  }
  for (const Json& endpoint : json::items(object, "endpoints")) {
    const auto& addresses = json::items(endpoint, "addresses");
    if (addresses.empty()) continue;
    const Json& target = json::at(endpoint, "targetRef");
    slice.endpoints.push_back({
        // All addresses of an endpoint are the same one (API reference, Endpoint.addresses).
        .address = json::text(addresses.front()),
        .pod = json::text(target, "kind") == "Pod" ? json::text(target, "name") : std::string(),
        .zone = json::text(endpoint, "zone"),
        .takes_requests = takes_requests(endpoint),
    });
  }
  return slice;
}

PodObject read_pod(const Json& object) {
  PodObject pod;
  for (const auto& [name, ours] : kLabels) {
    std::string value = json::text(label(object, name));
    if (!value.empty()) pod.labels.emplace(ours, std::move(value));
  }
  pod.in_mesh = is_redirected(object);
  return pod;
}

std::optional<DocumentObject> read_document(const Json& object) {
  const std::string role = json::text(label(object, "woad.dev/document"));
  if (role != "mesh" && role != "service") return {};
  const Json& metadata = json::at(object, "metadata");
  DocumentObject document;
  document.is_mesh = role == "mesh";
  document.service = json::text(annotation(object, "woad.dev/service"));
  if (document.service.empty()) document.service = json::text(metadata, "name");
  document.created = json::text(metadata, "creationTimestamp");
  document.version = parse_decimal(json::text(metadata, "resourceVersion")).value_or(0);
  const Json& words = json::at(object, "data", "document");
  if (words.is_string()) document.text = words;
  return document;
}

}  // namespace woad::control::kubernetes
