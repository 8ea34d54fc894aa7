#include "proxy/admin/server.h"

#include <algorithm>
#include <utility>

#include "config/types.h"
#include "proxy/web/server.h"

namespace woad {

class AdminServer::Listener final : public Deferred, private WebHandler {
 public:
  Listener(AdminServer& server, const AdminAddress& address)
      : address_(address),
        api_(server.api_),
        web_(server.loop_, server.blocks_, *this, nullptr,
             {.plaintext = WebOptions::Plaintext::kAll,
              .connections = kMaxConnections,
              .body = kMaxBody}) {}

  bool serves(const AdminAddress& other) const { return address_ == other; }
  uint16_t port() const { return address_.address.port(); }
  WebServer& web() { return web_; }

 private:
  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override {
    api_.answer(request.head, address_.scope, address_.address.is_loopback(),
                [done = std::move(done)](WebResponse response) {
                  response.headers.emplace_back("content-security-policy",
                                                "default-src 'none'; style-src 'unsafe-inline'");
                  done(std::move(response));
                });
    return nullptr;
  }

  const AdminAddress address_;
  AdminApi& api_;
  WebServer web_;
};

Result<AdminAddresses> admin_addresses(const config::Admin& admin) {
  struct Row {
    const char* key;
    AdminScope scope;
    const config::HostPort* at;
  };
  const Row rows[] = {
      {"address", AdminScope::kAll, &*admin.address},
      {"probes", AdminScope::kProbes, admin.probes ? &**admin.probes : nullptr},
      {"metrics", AdminScope::kMetrics, admin.metrics ? &**admin.metrics : nullptr}};
  AdminAddresses addresses;
  for (const Row& row : rows) {
    if (row.at == nullptr) continue;
    const auto address = Address::from_host(row.at->host, row.at->port);
    if (!address) return Error{std::string("admin.") + row.key + ": " + address.error().message};
    addresses.push_back({row.scope, *address});
  }
  for (AdminAddress& one : addresses) {
    if (one.address.host() != "::") continue;
    const bool beside = std::any_of(addresses.begin(), addresses.end(), [&](const auto& other) {
      return other.address.host() == "0.0.0.0" && other.address.port() == one.address.port();
    });
    if (beside) one.any = AnyIPv6::kAlone;
  }
  return addresses;
}

AdminServer::AdminServer(Loop& loop, BlockPool& blocks, AdminBackend& backend)
    : loop_(loop), blocks_(blocks), api_(backend) {}

AdminServer::~AdminServer() = default;

Result<void> AdminServer::apply(const AdminAddresses& wanted) {
  std::vector<std::pair<AdminAddress, Fd>> opened;
  for (const AdminAddress& one : wanted) {
    const auto any = [&](auto&& which) {
      return std::any_of(listeners_.begin(), listeners_.end(),
                         [&](const auto& listener) { return which(*listener); });
    };
    if (any([&](const Listener& listener) { return listener.serves(one); })) continue;
    const uint16_t port = one.address.port();
    if (!any([&](const Listener& listener) { return listener.port() == port; })) {
      if (auto free = check_free(one.address, one.any); !free) return free;
    }
    auto socket = listen_tcp(one.address, one.any);
    if (!socket) return socket.error();
    opened.emplace_back(one, std::move(*socket));
  }

  close_unwanted(wanted);
  for (auto& [one, socket] : opened) {
    listeners_.push_back(std::make_unique<Listener>(*this, one));
    listeners_.back()->web().serve(socket.release());
  }
  return {};
}

void AdminServer::close_unwanted(const AdminAddresses& wanted) {
  const auto gone =
      std::stable_partition(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
        return std::any_of(wanted.begin(), wanted.end(),
                           [&](const AdminAddress& one) { return listener->serves(one); });
      });
  for (auto listener = gone; listener != listeners_.end(); ++listener) {
    (*listener)->web().drain();
    leaving_.push_back(std::move(*listener));
  }
  listeners_.erase(gone, listeners_.end());
  std::erase_if(leaving_, [&](auto& listener) {
    const bool over = listener->web().idle();
    if (over) loop_.scheduler().defer_delete(std::move(listener));
    return over;
  });
}

}  // namespace woad
