#include "proxy/control/store/make_store.h"

#include <random>
#include <string>
#include <vector>

#include "proxy/client/http_client.h"
#include "proxy/control/store/directory_store.h"
#include "proxy/control/store/etcd_store.h"

namespace woad::control {
namespace {

using Made = Result<std::unique_ptr<Store>>;

Made make_directory(std::string_view path, const StoreMeans& means) {
  if (path.empty()) return Error{"dir: needs the path of a folder, such as dir:/etc/woad/mesh"};
  return std::unique_ptr<Store>(
      std::make_unique<DirectoryStore>(means.loop.scheduler(), means.events, std::string(path)));
}

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

std::shared_ptr<HttpClient> make_client(const Url& server, const StoreMeans& means) {
  HttpClientOptions options{.origin = server};
  if (server.tls) {
    auto how = std::make_shared<TlsClientOptions>();
    how->sni = server.host;
    options.tls = means.tls;
    options.tls_options = std::move(how);
  }
  return std::make_shared<HttpClient>(means.loop, means.blocks, std::move(options));
}

uint64_t random_seed() {
  std::random_device entropy;
  return uint64_t{entropy()} << 32 | entropy();
}

// A server without its scheme has that of the one before.
Made make_etcd(std::string_view list, const StoreMeans& means) {
  std::vector<EtcdServer> servers;
  std::vector<std::shared_ptr<HttpClient>> encrypted;
  std::string scheme;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string item(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (item.find("://") == std::string::npos) item.insert(0, scheme);
    const Result<Url> url = parse_server(item);
    if (!url) return url.error();
    if (url->tls && means.tls == nullptr) {
      return Error{"etcd: " + item + " needs --tls-dir: its ca.crt says which etcd is believed"};
    }
    scheme = url->tls ? "https://" : "http://";
    std::shared_ptr<HttpClient> client = make_client(*url, means);
    if (url->tls) encrypted.push_back(client);
    servers.push_back({url->authority, std::move(client)});
  }
  if (servers.empty()) return Error{"etcd: needs a URL, such as etcd:http://127.0.0.1:2379"};
  const auto set_tls = [encrypted = std::move(encrypted)](const TlsContext::Ptr& tls) {
    for (const std::shared_ptr<HttpClient>& each : encrypted) each->set_tls(tls);
  };
  return std::unique_ptr<Store>(std::make_unique<EtcdStore>(
      means.loop.scheduler(), std::move(servers), random_seed(), set_tls));
}

struct Kind {
  std::string_view name;  // before the colon
  Made (*make)(std::string_view rest, const StoreMeans& means);
  std::string_view shape;
};

constexpr Kind kKinds[] = {
    {"dir", make_directory, "dir:PATH"},
    {"etcd", make_etcd, "etcd:http://HOST:PORT[,...]"},
};

}  // namespace

Result<std::unique_ptr<Store>> make_store(std::string_view word, const StoreMeans& means) {
  const size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  const std::string_view rest = colon == word.npos ? "" : word.substr(colon + 1);
  std::string shapes;
  for (const Kind& each : kKinds) {
    if (each.name == name) return each.make(rest, means);
    shapes.append(shapes.empty() ? "" : ", ").append(each.shape);
  }
  return Error{"unknown store " + std::string(word) + "; there are " + shapes};
}

}  // namespace woad::control
