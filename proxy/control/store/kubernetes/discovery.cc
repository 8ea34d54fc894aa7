#include "proxy/control/store/kubernetes/discovery.h"

#include <algorithm>
#include <array>
#include <optional>

#include "proxy/base/context_value.h"
#include "proxy/base/json.h"
#include "proxy/net/address.h"

namespace woad::control::kubernetes {
namespace {

enum class Speaks : uint8_t { kUnknown, kHttp, kHttp2, kTcp };

// By the names of IANA's service registry and the kubernetes.io/ ones (API reference,
// ServicePort.appProtocol); any other is a protocol that is not HTTP. TLS of its own is what a port
// called `https` is for, as that of the API server.
Speaks speaks(const ServiceObject::Port& port) {
  constexpr std::array<std::string_view, 6> kHttp = {"http",     "http1", "http/1.1",
                                                     "http-web", "ws",    "kubernetes.io/ws"};
  constexpr std::array<std::string_view, 6> kHttp2 = {"http2", "h2c",      "kubernetes.io/h2c",
                                                      "grpc",  "grpc-web", "h2"};
  const auto is_in = [&](const auto& list) {
    return std::find(list.begin(), list.end(), port.app_protocol) != list.end();
  };
  if (port.app_protocol.empty()) return port.name == "https" ? Speaks::kTcp : Speaks::kUnknown;
  if (is_in(kHttp)) return Speaks::kHttp;
  return is_in(kHttp2) ? Speaks::kHttp2 : Speaks::kTcp;
}

const ServiceObject::Port& main_port_of(const ServiceObject& service) {
  const auto first = [&](auto&& which) {
    return std::find_if(service.ports.begin(), service.ports.end(), which);
  };
  auto found = first([](const ServiceObject::Port& port) {
    const Speaks how = speaks(port);
    return how == Speaks::kHttp || how == Speaks::kHttp2;
  });
  if (found == service.ports.end()) {
    found = first([](const ServiceObject::Port& port) { return port.name == "http"; });
  }
  return found == service.ports.end() ? service.ports.front() : *found;
}

Json hosts_of(const ObjectName& service, std::string_view mesh_space, const ServiceObject& object) {
  const std::string name = service.name + "." + service.space;
  Json hosts = Json::array();
  if (service.space == mesh_space) hosts.push_back(service.name);
  for (const std::string& host : {name, name + ".svc", name + ".svc.cluster.local"}) {
    hosts.push_back(host);
  }
  for (const std::string& address : object.addresses) hosts.push_back(address);
  return hosts;
}

using Slices = std::vector<const SliceObject*>;
using Pods = std::map<ObjectName, PodObject>;

// There are endpoints, ready or not, and no sidecar stands before any of them.
bool is_plaintext(const ObjectName& service, const Slices& slices, const Pods& pods) {
  bool any = false;
  for (const SliceObject* const slice : slices) {
    for (const SliceObject::Endpoint& endpoint : slice->endpoints) {
      const auto pod = pods.find({service.space, endpoint.pod});
      if (pod != pods.end() && pod->second.in_mesh) return false;
      any = any || pod != pods.end() || endpoint.pod.empty();
    }
  }
  return any;
}

// `port`: what of it is told.
std::string service_text(const ObjectName& service, std::string_view mesh_space,
                         const ServiceObject& object, const ServiceObject::Port& port,
                         bool plaintext) {
  Json words = {{"hosts", hosts_of(service, mesh_space, object)}};
  switch (speaks(port)) {
    case Speaks::kHttp2: words["protocol"] = "http2"; break;
    case Speaks::kTcp: words["protocol"] = "tcp"; break;
    case Speaks::kHttp:  // between sidecars either version
    case Speaks::kUnknown: break;
  }
  if (plaintext) words["tls"]["mode"] = "off";
  Json told = {{"name", service.name}, {"namespace", service.space}};
  if (&port != &main_port_of(object)) {
    words["ports"] = Json::array({port.port});
    told["port_of"] = service_name(service, mesh_space);
  }
  told["service"] = std::move(words);
  return json_line(told);
}

// Nothing: what they say is no word of the mesh.
std::optional<std::map<std::string, std::string>> labels_of(const SliceObject::Endpoint& endpoint,
                                                            const PodObject* pod) {
  std::map<std::string, std::string> labels;
  if (pod != nullptr) labels = pod->labels;
  if (!endpoint.zone.empty()) labels["zone"] = endpoint.zone;
  for (const char* const name : {"color", "tenant"}) {
    const auto label = labels.find(name);
    if (label != labels.end() && !valid_context_value(label->second)) return {};
  }
  const auto color = labels.find("color");
  if (color != labels.end() && color->second == kBaseColor) labels.erase(color);
  return labels;
}

void add_instances(Discovered& found, const std::string& prefix, const ObjectName& service,
                   const ServiceObject& object, const std::string& port_name, const Slices& slices,
                   const Pods& pods) {
  for (const SliceObject* const slice : slices) {
    const auto port = slice->ports.find(port_name);
    if (port == slice->ports.end() || slice->family != object.family) continue;
    for (const SliceObject::Endpoint& endpoint : slice->endpoints) {
      const Result<Address> address = Address::from_host(endpoint.address, port->second);
      const auto pod = pods.find({service.space, endpoint.pod});
      const bool is_known = endpoint.pod.empty() || pod != pods.end();
      const auto labels = labels_of(endpoint, pod == pods.end() ? nullptr : &pod->second);
      if (!endpoint.takes_requests || !address || !is_known || !labels) continue;
      const std::string instance = endpoint.pod.empty() ? address->to_string() : endpoint.pod;
      found[prefix + instance] =
          json_line(Json{{"address", address->to_string()}, {"labels", *labels}});
    }
  }
}

}  // namespace

std::string service_name(const ObjectName& service, std::string_view mesh_space) {
  return service.space == mesh_space ? service.name : service.name + "." + service.space;
}

Discovered discover(const ObjectName& service, std::string_view mesh_space,
                    const ServiceObject& object, const Slices& slices, const Pods& pods) {
  const bool plaintext = is_plaintext(service, slices, pods);
  Discovered found;
  for (const ServiceObject::Port& port : object.ports) {
    std::string name = service_name(service, mesh_space);
    if (&port != &main_port_of(object)) name += "_" + port.name;
    found["discovered/" + name] = service_text(service, mesh_space, object, port, plaintext);
    add_instances(found, "instances/" + name + "/", service, object, port.name, slices, pods);
  }
  return found;
}

}  // namespace woad::control::kubernetes
