#include "proxy/control/store/make_etcd_store.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "proxy/client/http_client.h"
#include "proxy/control/store/etcd_store.h"

namespace woad::control {
namespace {

Result<Url> parse_server(std::string_view text) {
  Result<Url> url = parse_url(text);
  const std::string name(text);
  if (!url) return Error{"etcd: " + name + " " + url.error().message};
  const bool has_port =
      url->authority.find(':', url->authority.rfind(']') + 1) != std::string::npos;
  if (!has_port) return Error{"etcd: " + name + " has no port; etcd's own is 2379"};
  if (url->target != "/") return Error{"etcd: " + name + " has a path; there is none to ask for"};
  return url;
}

Result<std::vector<Url>> parse_servers(std::string_view list) {
  std::vector<Url> servers;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string item(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (item.find("://") == std::string::npos && !servers.empty()) {
      item.insert(0, servers.back().tls ? "https://" : "http://");
    }
    Result<Url> url = parse_server(item);
    if (!url) return url.error();
    servers.push_back(std::move(*url));
  }
  if (servers.empty()) return Error{"etcd: needs a URL, such as etcd:http://127.0.0.1:2379"};
  return servers;
}

std::shared_ptr<HttpClient> make_client(const Url& server, const TlsContext::Ptr& tls,
                                        const StoreMeans& means) {
  HttpClientOptions options{.origin = server};
  if (server.tls) {
    auto how = std::make_shared<TlsClientOptions>();
    how->sni = server.host;
    options.tls = tls;
    options.tls_options = std::move(how);
  }
  return std::make_shared<HttpClient>(means.loop, means.blocks, std::move(options));
}

uint64_t random_seed() {
  std::random_device entropy;
  return uint64_t{entropy()} << 32 | entropy();
}

}  // namespace
}  // namespace woad::control
