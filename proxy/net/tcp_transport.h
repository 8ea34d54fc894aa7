// A Transport over a TCP socket.
#pragma once

#include <memory>

#include "proxy/base/buffer.h"
#include "proxy/net/loop.h"
#include "proxy/net/transport.h"

namespace woad {

// Takes over a connected, non-blocking socket, such as one from an Acceptor. The loop and the pool
// outlive the transport.
std::unique_ptr<Transport> make_tcp_transport(Loop& loop, BlockPool& blocks, int socket,
                                              const Address& peer);

}  // namespace woad
