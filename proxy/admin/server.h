// The admin addresses of the process: listeners on the control loop and their connections.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/admin/api.h"
#include "proxy/admin/connection.h"
#include "proxy/base/result.h"
#include "proxy/net/acceptor.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"

namespace woad {

namespace config {
struct Admin;
}

struct AdminAddresses {
  Address address;
  std::optional<Address> probes{};
  std::optional<Address> metrics{};
};

// The error names the address that is no number.
Result<AdminAddresses> admin_addresses(const config::Admin& admin);

// Control loop. Destroyed when the loop has stopped (outside a turn), and before it.
class AdminServer final : private AdminHost {
 public:
  // More connections at once than this are closed as they come.
  static constexpr size_t kMaxConnections = 256;

  // All outlive the server; `blocks` outlives the loop as well.
  AdminServer(Loop& loop, BlockPool& blocks, AdminBackend& backend);
  ~AdminServer();

  // Listens on these addresses and no others. New ones are opened first: on an error nothing has
  // changed. Connections to an address that is gone end with their present answer.
  Result<void> apply(const AdminAddresses& addresses);

 private:
  struct Listener;
  struct Wanted {
    AdminScope scope;
    Address address;
  };

  AdminApi& api() override { return api_; }
  CodecContext codec_context() override;
  void on_admin_closed(AdminConnection& connection) override;
  void on_accept(const Listener& listener, int socket, const Address& peer);

  Loop& loop_;
  BlockPool& blocks_;
  AdminApi api_;
  std::array<uint64_t, kHostileCount> hostile_{};
  std::vector<std::unique_ptr<Listener>> listeners_;
  // Those of addresses that are gone, too.
  IntrusiveList<AdminConnection> connections_;
  size_t connection_count_ = 0;
};

}  // namespace woad
