#include "proxy/control/store/etcd/make_etcd_store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "proxy/base/random.h"
#include "proxy/client/http_client.h"
#include "proxy/control/store/etcd/etcd_store.h"
#include "proxy/web/certificate.h"

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

// An item that is empty is a slip, and told.
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

// What the servers of one store have in common; each keeps all.
struct Clients {
  std::vector<std::unique_ptr<HttpClient>> encrypted;
  std::vector<std::unique_ptr<HttpClient>> others;
  std::unique_ptr<ServerCertificate> certificate;

  void set_tls(const Result<TlsContext::Ptr>& read) {
    if (!read) return;
    for (const std::unique_ptr<HttpClient>& each : encrypted) each->set_tls(*read);
  }
};

// An etcd has no SPIFFE id: it proves its name, to who believes ca.crt or the system's roots.
Result<TlsContext::Ptr> read_tls(const std::shared_ptr<Clients>& clients, const StoreMeans& means) {
  if (means.tls_folder.empty()) {
    const Result<PemText> roots = read_system_roots();
    if (!roots) return roots.error();
    Result<TlsMaterial::Ptr> trust = TlsMaterial::trust(*roots);
    if (!trust) return trust.error();
    return TlsContext::make(std::move(*trust), TlsVersion::k12);
  }
  Clients* const raw = clients.get();
  clients->certificate = std::make_unique<ServerCertificate>(
      means.loop.scheduler(), means.events, means.tls_folder, CertificateKind::kClient,
      [raw](const Result<TlsContext::Ptr>& read) { raw->set_tls(read); });
  return clients->certificate->read();
}

Result<std::vector<EtcdServer>> make_servers(const std::vector<Url>& urls,
                                             const StoreMeans& means) {
  const auto clients = std::make_shared<Clients>();
  TlsContext::Ptr tls;
  std::vector<EtcdServer> servers;
  for (const Url& url : urls) {
    HttpClientOptions options{.origin = url};
    if (url.tls && tls == nullptr) {
      Result<TlsContext::Ptr> read = read_tls(clients, means);
      if (!read) return Error{"etcd: " + url.authority + ": " + read.error().message};
      tls = std::move(*read);
    }
    if (url.tls) {
      auto how = std::make_shared<TlsClientOptions>();
      how->sni = url.host;
      options.tls = tls;
      options.tls_options = std::move(how);
    }
    auto& all = url.tls ? clients->encrypted : clients->others;
    all.push_back(std::make_unique<HttpClient>(means.loop, means.blocks, std::move(options)));
    servers.push_back({url.authority, std::shared_ptr<HttpAsker>(clients, all.back().get())});
  }
  return servers;
}

}  // namespace

Result<void> check_etcd_servers(std::string_view list) {
  const Result<std::vector<Url>> urls = parse_servers(list);
  return urls ? Result<void>() : urls.error();
}

Result<std::unique_ptr<Store>> make_etcd_store(std::string_view list, const StoreMeans& means) {
  const Result<std::vector<Url>> urls = parse_servers(list);
  if (!urls) return urls.error();
  Result<std::vector<EtcdServer>> servers = make_servers(*urls, means);
  if (!servers) return servers.error();
  return std::unique_ptr<Store>(
      std::make_unique<EtcdStore>(means.loop.scheduler(), std::move(*servers), random_seed()));
}

}  // namespace woad::control
