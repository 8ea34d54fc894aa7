// What every injection of a cluster has in common: the values of the chart (helm/woad) that
// `woad inject --config` takes, config/reference.md ("Injection").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "proxy/inject/report.h"
#include "proxy/yaml/node.h"

namespace woad {

// Where the certificates of a pod come from.
enum class IdentitySource : uint8_t { kNone, kCertManager, kSpiffe, kSecret };

struct InjectSettings {
  struct Image {
    std::string repository = "woad";
    std::string tag;     // "": the version of this program
    std::string digest;  // wins over the tag
    std::string pull_policy = "IfNotPresent";
    std::vector<std::string> pull_secrets;
  };
  struct Identity {
    IdentitySource source = IdentitySource::kNone;
    std::string trust_domain = "cluster.local";
    std::string issuer_name = "woad-ca";
    std::string issuer_kind = "ClusterIssuer";
    std::string issuer_group = "cert-manager.io";
    std::string secret_name = "woad-identity";
  };

  Image image;
  bool redirect = true;
  bool native = true;
  std::string control_plane;  // "": none
  Identity identity;
  // "requests" and "limits" of the sidecar, each a map of quantities.
  Value resources = {{"requests", {{"cpu", "10m"}, {"memory", "16Mi"}}},
                     {"limits", {{"memory", "128Mi"}}}};
  bool scrape_annotations = false;
  // Of pods with neither a control plane nor an annotation; nothing: nobody chose it.
  std::optional<std::string> config_map;

  std::string image_reference() const;
};

// The ConfigMap that is used when nobody chose one.
inline constexpr const char* kDefaultConfigMap = "woad";

// From the text of a values.yaml; `version` is the tag when it says none. All errors are listed.
std::optional<InjectSettings> parse_inject_settings(std::string_view text,
                                                    const std::string& version,
                                                    config::Diagnostics& diagnostics);

}  // namespace woad
