// How the API of a cluster is reached, and as whom: from inside of a pod, or by a kubeconfig.
//
// Values. The functions read files, small ones, and block.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/client/url.h"
#include "proxy/net/tls/context.h"

namespace woad::control::kubernetes {

struct Access {
  Url origin;                // its path stands before all others
  std::string server_name;   // what the server must prove: its host, unless it is told otherwise
  TlsContext::Ptr tls{};     // nullptr: plain HTTP
  std::string token{};       // "": none
  std::string token_file{};  // where it is renewed; wins over `token`
  std::string name_space{};  // one's own; "" when it is not told
  // What it was read from, and what it would be read from again when that changes; without the
  // token's.
  std::vector<std::string> files{};
};

// Of a file that holds one word: its first line, without blanks around it.
std::string first_line(std::string_view text);

// Where a pod finds its account (Kubernetes: "Accessing the API from within a Pod").
inline constexpr const char* kAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

// KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT; token, ca.crt and namespace in `folder`.
Result<Access> access_in_cluster(const config::Environment& environment, const std::string& folder);

// The current context of a kubeconfig (YAML or JSON): token, tokenFile, client certificate and CA,
// as data or as files that are relative to its folder. What cannot be heeded (exec, proxies,
// impersonation, TLS without verification) is refused.
Result<Access> access_by_kubeconfig(const std::string& path, WallTime now);

}  // namespace woad::control::kubernetes
