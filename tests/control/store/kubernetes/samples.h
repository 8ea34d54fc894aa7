// Objects as an API server tells of them.
#pragma once

#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/control/store/kubernetes/objects.h"

namespace woad::control::kubernetes::test {

// JSON with ' for ".
inline Json json(std::string words) {
  for (char& c : words) c = c == '\'' ? '"' : c;
  Json parsed = Json::parse(words, nullptr, false);
  WOAD_ASSERT(!parsed.is_discarded());
  return parsed;
}

// Metadata for `rest`, which is an object.
inline Json object(std::string_view space, std::string_view name, int version, std::string rest) {
  Json made = json(std::move(rest));
  made["metadata"]["namespace"] = space;
  made["metadata"]["name"] = name;
  made["metadata"]["resourceVersion"] = std::to_string(version);
  return made;
}

inline Json document(std::string_view space, std::string_view name, int version,
                     std::string_view role, std::string_view text,
                     std::string_view created = "2026-11-29T12:00:00Z") {
  Json made = object(space, name, version, "{}");
  made["metadata"]["labels"]["woad.dev/document"] = role;
  made["metadata"]["creationTimestamp"] = created;
  made["data"]["document"] = text;
  return made;
}

inline Json service(std::string_view space, std::string_view name, int version,
                    std::string port = "{'port': 80}") {
  return object(
      space, name, version,
      "{'spec': {'clusterIPs': ['10.96.0.5'], 'ipFamilies': ['IPv4'], 'ports': [" + port + "]}}");
}

// `endpoints`: items.
inline Json slice(std::string_view space, std::string_view service, int version,
                  std::string endpoints, std::string port = "{'port': 8080}") {
  Json made =
      object(space, std::string(service) + "-x7k2p", version,
             "{'addressType': 'IPv4', 'ports': [" + port + "], 'endpoints': [" + endpoints + "]}");
  made["metadata"]["labels"]["kubernetes.io/service-name"] = service;
  return made;
}

inline Json pod(std::string_view space, std::string_view name, int version,
                std::string labels = "{}") {
  return object(space, name, version, "{'metadata': {'labels': " + labels + "}}");
}

inline std::string endpoint(std::string_view pod, std::string_view address,
                            std::string_view more = "") {
  return "{'addresses': ['" + std::string(address) + "'], 'targetRef': {'kind': 'Pod', 'name': '" +
         std::string(pod) + "'}" + std::string(more) + "}";
}

}  // namespace woad::control::kubernetes::test
