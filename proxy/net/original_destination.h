// Where a connection was going before the kernel redirected it to us.
#pragma once

#include "proxy/net/address.h"

namespace woad {

// Of an accepted socket, as netfilter remembers it (SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST). Not
// valid() when the connection was not redirected: its destination is the socket's own address, or
// nobody keeps track of it.
Address original_destination(int socket);

// Whether the address is one of this host's (this network namespace's). Asks the kernel.
bool is_own(const Address& address);

}  // namespace woad
