// The Dialer of production: TCP on a worker's loop.
#pragma once

#include <memory>

#include "proxy/net/loop.h"
#include "proxy/upstream/dialer.h"

namespace woad {

// Both outlive the dialer.
std::unique_ptr<Dialer> make_tcp_dialer(Loop& loop, BlockPool& blocks);

}  // namespace woad
