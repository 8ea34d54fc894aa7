// Certificates and keys from PEM texts and back. For proxy/net alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/net/tls/material.h"
#include "proxy/net/tls/openssl.h"

namespace woad {

// The error of a text by its name; empties OpenSSL's queue.
Error pem_fault(const PemText& source, const std::string& what);

// What a text holds. Any other block in it is an error with its line, never passed over.
enum class PemHolds : uint8_t { kCertificates, kAuthorities, kKey, kCertificatesAndKey };

// All certificates of a text, at least one. kAuthorities: each a CA.
Result<std::vector<X509Ptr>> read_certificates(const PemText& source,
                                               PemHolds holds = PemHolds::kCertificates);

// The private key of a text; one with a passphrase is an error.
Result<KeyPtr> read_private_key(const PemText& source, PemHolds holds = PemHolds::kKey);

std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* private_key);

}  // namespace woad
