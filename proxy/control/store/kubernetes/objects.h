// What is kept of the objects of a cluster: the little that the mesh needs. Values; pure readers.
//
// Services and Pods are v1, EndpointSlices discovery.k8s.io/v1 (Kubernetes API reference).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/result.h"

namespace woad::control::kubernetes {

using Json = nlohmann::json;

struct ObjectName {
  std::string space;  // the namespace
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

// "shop/price"
inline std::string words(const ObjectName& name) { return name.space + "/" + name.name; }

struct Meta {
  ObjectName name;
  uint64_t version = 0;  // resourceVersion
};

// Versions are compared as numbers, which Kubernetes promises since 1.35 and has always kept.
Result<Meta> read_meta(const Json& object);

struct ServiceObject {
  struct Port {
    std::string name;
    uint16_t port = 0;
    std::string app_protocol;
    bool operator==(const Port&) const = default;
  };
  std::vector<Port> ports;             // of TCP
  std::vector<std::string> addresses;  // ClusterIPs
  std::string family;                  // the first of its IP families: IPv4, IPv6
  bool operator==(const ServiceObject&) const = default;
};

// Nothing: one that nobody can be connected to (ExternalName, no port of TCP).
std::optional<ServiceObject> read_service(const Json& object);

struct SliceObject {
  struct Endpoint {
    std::string address;
    std::string pod;  // "": none stands behind it
    std::string zone;
    bool takes_requests = false;  // ready, as one is of which nothing is known, and not terminating
    bool operator==(const Endpoint&) const = default;
  };
  std::string service;
  std::string family;                     // IPv4, IPv6
  std::map<std::string, uint16_t> ports;  // of TCP, by name
  std::vector<Endpoint> endpoints;
  bool operator==(const SliceObject&) const = default;
};

// Nothing: it is of no service.
std::optional<SliceObject> read_slice(const Json& object);

struct PodObject {
  std::map<std::string, std::string> labels;  // by the names that the mesh has for them
  bool in_mesh = false;                       // what comes is redirected to its sidecar
  bool operator==(const PodObject&) const = default;
};

PodObject read_pod(const Json& object);

// A ConfigMap labelled woad.dev/document.
struct DocumentObject {
  bool is_mesh = false;
  std::string service;              // annotation woad.dev/service, else its name
  std::optional<std::string> text;  // nothing: there is no key `document`
  std::string created;              // RFC 3339
  uint64_t version = 0;
  bool operator==(const DocumentObject&) const = default;
};

// Nothing: its label says neither mesh nor service.
std::optional<DocumentObject> read_document(const Json& object);

}  // namespace woad::control::kubernetes
