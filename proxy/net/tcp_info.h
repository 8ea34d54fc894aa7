// What the kernel knows of a TCP connection.
#pragma once

#include <cstdint>
#include <optional>

namespace woad {

// Bytes that the peer has acknowledged (tcp(7), TCP_INFO; RFC 4898 tcpEStatsAppHCThruOctetsAcked).
std::optional<uint64_t> acknowledged_bytes(int socket);
// Bytes (and our FIN, if it was sent) that were written and that the peer has not acknowledged,
// also of a connection that has ended (tcp(7), SIOCOUTQ).
std::optional<uint64_t> unacknowledged_bytes(int socket);

}  // namespace woad
