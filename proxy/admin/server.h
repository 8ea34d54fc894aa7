// The admin addresses of the process: listeners on the control loop and their connections.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proxy/admin/api.h"
#include "proxy/base/result.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/socket.h"

namespace woad {

namespace config {
struct Admin;
}

// One address, and what it shows.
struct AdminAddress {
  AdminScope scope;
  Address address;
  AnyIPv6 any = AnyIPv6::kBoth;
  bool operator==(const AdminAddress&) const = default;
};
using AdminAddresses = std::vector<AdminAddress>;

// The error names the address that is no number. [::]:P is IPv6 alone where 0.0.0.0:P is another.
Result<AdminAddresses> admin_addresses(const config::Admin& admin);

// Control loop. Destroyed when the loop has stopped (outside a turn), and before it.
class AdminServer {
 public:
  // Of one address (WebOptions::connections).
  static constexpr size_t kMaxConnections = 256;
  // A request's body is thrown away up to here; over it the answer is 413.
  static constexpr size_t kMaxBody = size_t{64} * 1024;

  // All outlive the server; `blocks` outlives the loop as well.
  AdminServer(Loop& loop, BlockPool& blocks, AdminBackend& backend);
  ~AdminServer();

  // Listens on these addresses and no others. New ones are opened first: on an error nothing has
  // changed. Connections to an address that is gone end with their present answers.
  Result<void> apply(const AdminAddresses& wanted);

 private:
  class Listener;

  void close_unwanted(const AdminAddresses& wanted);

  Loop& loop_;
  BlockPool& blocks_;
  AdminApi api_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  // Of addresses that are gone, while answers go on there.
  std::vector<std::unique_ptr<Listener>> leaving_;
};

}  // namespace woad
