// What svid.h reads, of a parsed certificate. For proxy/net alone.
#pragma once

#include "proxy/base/result.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/tls/svid.h"

namespace woad {

Result<Svid> read_svid(X509* certificate, TlsSide shown_by);

// The one URI among the alternative names (X509-SVID section 2); an error when there is none or
// more.
Result<std::string> read_uri_san(X509* certificate);

// SHA-256 of the DER, lower-case hexadecimal.
std::string certificate_hash(const X509* certificate);

}  // namespace woad
