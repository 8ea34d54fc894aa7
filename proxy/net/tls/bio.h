// OpenSSL's reading and writing, straight on our buffers: ciphertext is taken from slices as they
// arrived, and records are put into the lower transport's queue. A BIO pair would copy once more
// and hold 17 KiB a side. For proxy/net alone.
#pragma once

#include "proxy/base/buffer.h"
#include "proxy/net/tls/openssl.h"
#include "proxy/net/transport.h"

namespace woad {

// The two ends of one connection's BIO; outlives it.
struct TlsEnds {
  Buffer input;      // ciphertext not yet read by OpenSSL
  Transport& lower;  // its queue takes what OpenSSL writes; who drives OpenSSL calls wrote()
  BlockPool& blocks;
};

// Outlives the BIOs.
BioMethodPtr make_tls_bio_method();
// Owned by the caller, such as an SSL.
BIO* make_tls_bio(const BioMethodPtr& method, TlsEnds& ends);

}  // namespace woad
