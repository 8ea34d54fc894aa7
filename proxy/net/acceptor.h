// Takes connections from one listening socket, on one loop.
//
// When the process has no descriptor left, one connection is closed at once, so that its client
// learns of it, and accepting pauses for kBackoff; what waits stays in the kernel's queue.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"

namespace woad {

class Acceptor {
 public:
  // At most so many connections are taken an event; the rest comes in the next turn.
  static constexpr int kBatch = 16;
  static constexpr Duration kBackoff = milliseconds(100);

  // A non-blocking socket with TCP_NODELAY, which the callback owns, for
  // make_tcp_transport(). The callback may destroy the acceptor.
  using Accepted = std::function<void(int socket, const Address& peer)>;

  // Takes over `listener`, of listen_tcp(). Destroying the acceptor closes it; connections in its
  // queue are then reset by the kernel.
  Acceptor(Loop& loop, int listener, Accepted accepted);
  ~Acceptor();

  const Address& address() const;
  // Connections closed at once for want of descriptors.
  uint64_t shed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
