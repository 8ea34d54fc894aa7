// read_svid_der() of svid.h for a parsed certificate. For proxy/net alone.
#pragma once

#include "proxy/base/result.h"
#include "proxy/net/svid.h"
#include "proxy/net/tls_openssl.h"

namespace woad {

Result<Svid> read_svid(X509* certificate, TlsSide shown_by);

// SHA-256 of the DER, lower-case hexadecimal.
std::string certificate_hash(const X509* certificate);

}  // namespace woad
