#include "proxy/admin/server.h"

#include <algorithm>
#include <utility>

#include "config/types.h"
#include "proxy/net/socket.h"
#include "proxy/web/server.h"

namespace woad {

// One address, and what it shows.
class AdminServer::Listener final : public Deferred, private WebHandler {
 public:
  Listener(AdminServer& server, const Wanted& wanted)
      : wanted_(wanted),
        api_(server.api_),
        web_(server.loop_, server.blocks_, *this, nullptr,
             {.plaintext = WebOptions::Plaintext::kAll,
              .connections = kMaxConnections,
              .body = kMaxBody}) {}

  bool serves(const Wanted& other) const {
    return wanted_.scope == other.scope && wanted_.address == other.address;
  }
  uint16_t port() const { return wanted_.address.port(); }
  WebServer& web() { return web_; }

 private:
  std::unique_ptr<WebPending> answer(WebRequest request, Done done) override {
    api_.answer(request.head, wanted_.scope, wanted_.address.is_loopback(),
                [done = std::move(done)](WebResponse response) {
                  response.headers.emplace_back("content-security-policy",
                                                "default-src 'none'; style-src 'unsafe-inline'");
                  done(std::move(response));
                });
    return nullptr;
  }

  const Wanted wanted_;
  AdminApi& api_;
  WebServer web_;
};

Result<AdminAddresses> admin_addresses(const config::Admin& admin) {
  AdminAddresses addresses;
  auto address = Address::from_host(admin.address->host, admin.address->port);
  if (!address) return Error{"admin.address: " + address.error().message};
  addresses.address = *address;
  if (admin.probes) {
    address = Address::from_host((*admin.probes)->host, (*admin.probes)->port);
    if (!address) return Error{"admin.probes: " + address.error().message};
    addresses.probes = *address;
  }
  if (admin.metrics) {
    address = Address::from_host((*admin.metrics)->host, (*admin.metrics)->port);
    if (!address) return Error{"admin.metrics: " + address.error().message};
    addresses.metrics = *address;
  }
  return addresses;
}

AdminServer::AdminServer(Loop& loop, BlockPool& blocks, AdminBackend& backend)
    : loop_(loop), blocks_(blocks), api_(backend) {}

AdminServer::~AdminServer() = default;

Result<void> AdminServer::apply(const AdminAddresses& addresses) {
  std::vector<Wanted> wanted = {{AdminScope::kAll, addresses.address}};
  if (addresses.probes) wanted.push_back({AdminScope::kProbes, *addresses.probes});
  if (addresses.metrics) wanted.push_back({AdminScope::kMetrics, *addresses.metrics});

  std::vector<std::pair<Wanted, Fd>> opened;
  for (const Wanted& one : wanted) {
    const auto any = [&](auto&& which) {
      return std::any_of(listeners_.begin(), listeners_.end(),
                         [&](const auto& listener) { return which(*listener); });
    };
    if (any([&](const Listener& listener) { return listener.serves(one); })) continue;
    const uint16_t port = one.address.port();
    if (!any([&](const Listener& listener) { return listener.port() == port; })) {
      if (auto free = check_free(one.address); !free) return free;
    }
    auto socket = listen_tcp(one.address);
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

void AdminServer::close_unwanted(const std::vector<Wanted>& wanted) {
  const auto gone =
      std::stable_partition(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
        return std::any_of(wanted.begin(), wanted.end(),
                           [&](const Wanted& one) { return listener->serves(one); });
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
