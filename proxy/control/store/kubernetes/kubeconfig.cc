#include <array>
#include <utility>

#include "proxy/base/base64.h"
#include "proxy/base/json_reading.h"
#include "proxy/control/store/kubernetes/access.h"
#include "proxy/yaml/read.h"
#include "proxy/yaml/value.h"

namespace woad::control::kubernetes {
namespace {

using Json = nlohmann::json;

// What would be called by others than this file says, or by nobody that proved who he is.
struct Unheeded {
  const char* key;
  const char* why;
};
constexpr std::array<Unheeded, 2> kOfCluster = {{
    {"insecure-skip-tls-verify",
     "the API server must prove who it is; name its "
     "certificate-authority"},
    {"proxy-url", "proxies are not used"},
}};
constexpr std::array<Unheeded, 4> kOfUser = {{
    {"exec",
     "programs are not run for credentials; use a token, a tokenFile or a client "
     "certificate"},
    {"auth-provider", "it is not known here; use a token, a tokenFile or a client certificate"},
    {"username", "passwords are not used; use a token, a tokenFile or a client certificate"},
    {"as", "nobody is impersonated"},
}};

class Kubeconfig {
 public:
  Kubeconfig(std::string path, Json root) : path_(std::move(path)), root_(std::move(root)) {}

  Result<Access> access(WallTime now) const {
    const std::string name = json::text(root_, "current-context");
    if (name.empty()) return fault("has no current-context");
    const Json* const context = entry("contexts", "context", name);
    if (context == nullptr) return fault("has no context `" + name + "`");
    const std::string cluster_name = json::text(*context, "cluster");
    const Json* const cluster = entry("clusters", "cluster", cluster_name);
    if (cluster == nullptr) return fault("has no cluster `" + cluster_name + "`");
    const std::string user_name = json::text(*context, "user");
    const Json* const user = entry("users", "user", user_name);
    if (user == nullptr && !user_name.empty()) return fault("has no user `" + user_name + "`");
    static const Json kNobody;
    auto access = reach(*cluster, "cluster `" + cluster_name + "`");
    if (!access) return access;
    access->name_space = json::text(*context, "namespace");
    return as(std::move(*access), *cluster, user == nullptr ? kNobody : *user,
              "user `" + user_name + "`", now);
  }

 private:
  Error fault(const std::string& what) const { return Error{path_ + ": " + what}; }

  // clusters: [{name: …, cluster: {…}}], and so are contexts and users.
  const Json* entry(const char* list, const char* member, const std::string& name) const {
    for (const Json& each : json::items(root_, list)) {
      const Json& found = json::at(each, member);
      if (found.is_object() && json::text(each, "name") == name) return &found;
    }
    return nullptr;
  }

  template <size_t N>
  std::optional<Error> unheeded(const std::array<Unheeded, N>& keys, const Json& map,
                                const std::string& what) const {
    for (const Unheeded& each : keys) {
      const Json& value = json::at(map, each.key);
      if (value.is_null() || json::is_false(value) || value == "") continue;
      return fault(what + " has `" + each.key + "`: " + each.why);
    }
    return std::nullopt;
  }

  Result<Access> reach(const Json& cluster, const std::string& what) const {
    if (auto bad = unheeded(kOfCluster, cluster, what)) return *bad;
    auto origin = parse_url(json::text(cluster, "server"));
    if (!origin) return fault(what + ": server: " + origin.error().message);
    const std::string told = json::text(cluster, "tls-server-name");
    return Access{
        .origin = *origin, .server_name = told.empty() ? origin->host : told, .files = {path_}};
  }

  Result<Access> as(Access access, const Json& cluster, const Json& user, const std::string& what,
                    WallTime now) const {
    if (auto bad = unheeded(kOfUser, user, what)) return *bad;
    access.token = json::text(user, "token");
    const std::string token_file = json::text(user, "tokenFile");
    if (!token_file.empty()) access.token_file = place(token_file);
    if (!access.origin.tls) return access;
    const auto authorities = pem(cluster, "certificate-authority", access);
    if (!authorities) return authorities.error();
    const auto certificate = pem(user, "client-certificate", access);
    if (!certificate) return certificate.error();
    const auto key = pem(user, "client-key", access);
    if (!key) return key.error();
    const Result<PemText> roots =
        *authorities ? Result<PemText>(**authorities) : read_system_roots();
    if (!roots) return roots.error();
    if (certificate->has_value() != key->has_value()) {
      return fault(what + " has only one of client-certificate and client-key");
    }
    auto material = *certificate ? TlsMaterial::client(**certificate, **key, *roots, now)
                                 : TlsMaterial::trust(*roots);
    if (!material) return material.error();
    auto tls = TlsContext::make(std::move(*material), TlsVersion::k12);
    if (!tls) return tls.error();
    access.tls = std::move(*tls);
    return access;
  }

  // `<key>-data` in Base64, which wins, or a file called by `<key>`. Nothing: neither.
  Result<std::optional<PemText>> pem(const Json& map, const std::string& key,
                                     Access& access) const {
    const std::string data = json::text(map, key + "-data");
    if (!data.empty()) {
      auto bytes = from_base64(data);
      if (!bytes) return fault(key + "-data is no Base64");
      return std::optional(PemText{path_ + ": " + key + "-data", std::move(*bytes)});
    }
    const std::string file = json::text(map, key);
    if (file.empty()) return std::optional<PemText>();
    access.files.push_back(place(file));
    auto read = read_pem_file(access.files.back());
    if (!read) return read.error();
    return std::optional(std::move(*read));
  }

  std::string place(const std::string& file) const {
    if (file.starts_with('/')) return file;
    return path_.substr(0, path_.rfind('/') + 1) + file;
  }

  const std::string path_;
  const Json root_;
};

}  // namespace

Result<Access> access_by_kubeconfig(const std::string& path, WallTime now) {
  auto file = read_pem_file(path);
  if (!file) return file.error();
  config::Diagnostics diagnostics(path);
  const auto documents = yaml::read(file->text, diagnostics);
  if (!documents) {
    const config::Diagnostic first = diagnostics.sorted().front();
    return Error{path + ":" + std::to_string(first.location.line) + ":" +
                 std::to_string(first.location.column) + ": " + first.message};
  }
  if (documents->size() != 1) return Error{path + ": is not one document"};
  return Kubeconfig(path, Json(yaml::to_value(documents->front()))).access(now);
}

}  // namespace woad::control::kubernetes
