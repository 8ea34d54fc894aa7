#include "proxy/admin/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "config/types.h"
#include "proxy/net/socket.h"
#include "proxy/net/tcp_transport.h"

namespace woad {
struct AdminServer::Listener {
  Wanted wanted;
  std::unique_ptr<Acceptor> acceptor;

  bool serves(const Wanted& other) const {
    return wanted.scope == other.scope && wanted.address == other.address;
  }
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

AdminServer::~AdminServer() {
  while (!connections_.empty()) delete &connections_.pop_front();
}

CodecContext AdminServer::codec_context() { return {loop_.scheduler(), blocks_, hostile_.data()}; }

Result<void> AdminServer::apply(const AdminAddresses& addresses) {
  std::vector<Wanted> wanted = {{AdminScope::kAll, addresses.address}};
  if (addresses.probes) wanted.push_back({AdminScope::kProbes, *addresses.probes});
  if (addresses.metrics) wanted.push_back({AdminScope::kMetrics, *addresses.metrics});

  std::vector<std::pair<Wanted, Fd>> opened;
  for (const Wanted& one : wanted) {
    const bool open = std::any_of(listeners_.begin(), listeners_.end(),
                                  [&](const auto& listener) { return listener->serves(one); });
    if (open) continue;
    const bool port_is_ours =
        std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
          return listener->wanted.address.port() == one.address.port();
        });
    if (!port_is_ours) {
      if (auto free = check_free(one.address); !free) return free;
    }
    auto socket = listen_tcp(one.address);
    if (!socket) return socket.error();
    opened.emplace_back(one, std::move(*socket));
  }

  std::erase_if(listeners_, [&](const auto& listener) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const Wanted& one) { return listener->serves(one); });
  });
  for (auto& [one, socket] : opened) {
    auto listener = std::make_unique<Listener>(Listener{one, nullptr});
    listener->acceptor = std::make_unique<Acceptor>(
        loop_, socket.release(), [this, raw = listener.get()](int client, const Address& peer) {
          on_accept(*raw, client, peer);
        });
    listeners_.push_back(std::move(listener));
  }
  return {};
}

void AdminServer::on_accept(const Listener& listener, int socket, const Address& peer) {
  auto transport = make_tcp_transport(loop_, blocks_, socket, peer);
  if (transport == nullptr || connection_count_ >= kMaxConnections) return;
  const Wanted& wanted = listener.wanted;
  auto* connection =
      new AdminConnection(*this, wanted.scope, wanted.address.is_loopback(), std::move(transport));
  connections_.push_back(*connection);
  ++connection_count_;
  connection->start();
}

void AdminServer::on_admin_closed(AdminConnection& connection) {
  connection.unlink();
  --connection_count_;
  loop_.scheduler().defer_delete(std::unique_ptr<Deferred>(&connection));
}

}  // namespace woad
