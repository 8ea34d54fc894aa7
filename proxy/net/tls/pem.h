// Certificates and keys from PEM texts and back. For proxy/net alone.
#pragma once

#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/net/tls/material.h"
#include "proxy/net/tls/openssl.h"

namespace woad {

// The error of a text by its name; empties OpenSSL's queue.
Error pem_fault(const PemText& source, const std::string& what);

// All certificates of a text, at least one; a block that is broken is an error, not an end.
Result<std::vector<X509Ptr>> read_certificates(const PemText& source);

// The private key of a text; never asks for a passphrase on the terminal.
Result<KeyPtr> read_private_key(const PemText& source);

std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* private_key);

}  // namespace woad
