// Takes connections from one listening socket, on one loop.
//
// When the process has no descriptor left for them, accepting pauses, and every kBackoff it is
// looked whether there is one: what waits stays in the kernel's queue, and nothing spins. Who may
// have every descriptor keeps one in reserve, so that one client more is served even then.
//
//   accepting ──no descriptor──▶ pausing ──▶ accepting
#pragma once

#include <functional>
#include <memory>

#include "proxy/base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/descriptors.h"
#include "proxy/net/loop.h"

namespace woad {

class Acceptor {
 public:
  // At most so many connections are taken an event; the rest comes in the next turn.
  static constexpr int kBatch = 16;
  static constexpr Duration kBackoff = milliseconds(100);
  // The most that take_waiting() takes.
  static constexpr int kQueue = 4096;

  // A non-blocking socket with TCP_NODELAY, which the callback owns, for
  // make_tcp_transport(). The callback may destroy the acceptor.
  using Accepted = std::function<void(int socket, const Address& peer)>;

  // Takes over `listener`, of listen_tcp(). Destroying the acceptor closes it; connections in its
  // queue are then reset by the kernel, unless take_waiting() came before. Connections take
  // descriptors below `share` alone (DescriptorShares).
  Acceptor(Loop& loop, int listener, Accepted accepted, int share = DescriptorShares::kAll);
  ~Acceptor();

  // Takes everybody who is in the kernel's queue now, as far as there are descriptors.
  void take_waiting();

  const Address& address() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace woad
