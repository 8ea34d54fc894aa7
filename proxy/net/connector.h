// Opening TCP connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "proxy/base/buffer.h"
#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/descriptors.h"
#include "proxy/net/loop.h"
#include "proxy/net/transport.h"

namespace woad {

struct ConnectError {
  // kNoRoom: this process may open no more descriptors, or the kernel has no memory.
  enum class Kind : uint8_t { kRefused, kTimeout, kUnreachable, kNoRoom, kOther };
  Kind kind;
  std::string message;  // such as "10.0.0.1:80: connection refused"
};

// A connection being opened; destroying it gives up, and no callback comes afterwards.
class Connecting {
 public:
  virtual ~Connecting() = default;
};

using ConnectedCallback = std::function<void(std::unique_ptr<Transport>)>;
using ConnectFailedCallback = std::function<void(ConnectError)>;

// Where a connection comes from. kLoopback: 127.0.0.6 or ::1, to any address of this host.
enum class ConnectFrom : uint8_t { kAnywhere, kLoopback };

// One of the two is called, once, from the loop and never inside this call; it may destroy the
// Connecting. The loop and the pool outlive the Connecting and the transport. Takes a descriptor
// below `share` alone (DescriptorShares).
std::unique_ptr<Connecting> connect_tcp(Loop& loop, BlockPool& blocks, const Address& address,
                                        Duration timeout, ConnectedCallback connected,
                                        ConnectFailedCallback failed,
                                        int share = DescriptorShares::kAll,
                                        ConnectFrom from = ConnectFrom::kAnywhere);

}  // namespace woad
