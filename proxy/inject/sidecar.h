// What is put into a pod: the containers and volumes of the sidecar. Pure.
//
// Ports and paths are those of config/reference.md ("Injection"): inbound 15006, outbound 15001,
// metrics 15020, probes 15021; the file in /etc/woad, certificates in /var/run/woad/tls.
#pragma once

#include <string>
#include <vector>

#include "proxy/inject/annotations.h"
#include "proxy/inject/settings.h"

namespace woad {

inline constexpr const char* kSidecarName = "woad";
inline constexpr const char* kRedirectName = "woad-redirect";
inline constexpr const char* kConfigVolume = "woad-config";
inline constexpr const char* kTlsVolume = "woad-tls";
// The user that the sidecar runs as, whose traffic is not redirected.
inline constexpr int kSidecarUser = 1337;

// One pod's sidecar.
struct SidecarSpec {
  const InjectSettings& settings;
  const Wishes& wishes;
  std::string service;
  const Value& pod;                      // whose labels the sidecar's own come from
  std::vector<std::string> probe_paths;  // of the app
};

// The label that a node's `color` comes from, and so on.
inline constexpr const char* kColorLabel = "woad.dev/color";

Value sidecar_container(const SidecarSpec& spec);
Value redirect_container(const SidecarSpec& spec);
Value sidecar_volumes(const SidecarSpec& spec);

}  // namespace woad
