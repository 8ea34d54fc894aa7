// Owners of OpenSSL's objects, and its error queue in words. For proxy/net alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/time.h"

namespace woad {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, OpensslFree<BIO_meth_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using DigestPtr = std::unique_ptr<EVP_MD, OpensslFree<EVP_MD_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

// Security level of keys and signatures everywhere: 112 bits, so RSA from 2048 and no SHA-1
// (SSL_CTX_set_security_level(3)).
inline constexpr int kSecurityLevel = 2;

// To be called before anything else of OpenSSL; costs nothing the second time. The machine's
// openssl.cnf is not read: what TLS we speak is said by our own configuration.
void init_openssl();

// What OpenSSL says of the last failure of this thread, or `otherwise`; empties its queue.
std::string take_openssl_words(std::string_view otherwise);

// A reader of `text`, which outlives it.
BioPtr read_bio(std::string_view text);

// Printable and cut; names cannot carry control characters into a log.
std::string subject_words(const X509* certificate);

// Nothing when it is no time. Years beyond WallTime's reach count as a day inside of it, so that
// sums with durations of hours hold.
std::optional<WallTime> wall_time(const ASN1_TIME* time);

}  // namespace woad
