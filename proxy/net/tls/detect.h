// TLS or not, by the first bytes of a connection. Pure.
#pragma once

#include <string_view>

namespace woad {

enum class LooksLike { kNeedMore, kTls, kPlaintext };

// `first` are all bytes so far, from the very first one. A client begins with a handshake record,
// 0x16, of major version 3 (RFC 8446 section 5.1); two bytes decide.
LooksLike looks_like_tls(std::string_view first);

// The same for a server's first bytes: a handshake record, or an alert, 0x15.
LooksLike server_looks_like_tls(std::string_view first);

}  // namespace woad
