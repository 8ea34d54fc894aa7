#include "proxy/control/store/kubernetes/access.h"

#include <utility>

#include "proxy/base/strings.h"

namespace woad::control::kubernetes {

std::string first_line(std::string_view text) {
  return std::string(trim(text.substr(0, text.find_first_of("\r\n"))));
}

Result<Access> access_in_cluster(const config::Environment& environment,
                                 const std::string& folder) {
  const std::string host = environment.variable("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment.variable("KUBERNETES_SERVICE_PORT").value_or("443");
  if (host.empty()) {
    return Error{"KUBERNETES_SERVICE_HOST is not set: this is no pod; name a kubeconfig"};
  }
  const bool is_ipv6 = host.find(':') != std::string::npos;
  auto origin = parse_url("https://" + (is_ipv6 ? "[" + host + "]" : host) + ":" + port);
  if (!origin)
    return Error{"KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: " + origin.error().message};
  const std::string authorities_file = folder + "/ca.crt";
  const auto authorities = read_pem_file(authorities_file);
  if (!authorities) return authorities.error();
  auto trust = TlsMaterial::trust(*authorities);
  if (!trust) return trust.error();
  auto tls = TlsContext::make(std::move(*trust), TlsVersion::k12);
  if (!tls) return tls.error();
  const auto name_space = read_pem_file(folder + "/namespace");
  if (!name_space) return name_space.error();
  const std::string token_file = folder + "/token";
  const auto token = read_pem_file(token_file);
  if (!token) return token.error();
  return Access{.origin = *origin,
                .server_name = origin->host,
                .tls = std::move(*tls),
                .token_file = token_file,
                .name_space = first_line(name_space->text),
                .files = {authorities_file}};
}

}  // namespace woad::control::kubernetes
