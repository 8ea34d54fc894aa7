// The page /certs: what became of the certificate files, and who still comes in plaintext.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/observe/plaintext_callers.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

// For /certs.
struct CertificateStatus {
  WallTime loaded_at{};
  std::string last_error;  // why files as they are now are not used; "" = all are
  uint64_t reloads_success = 0;
  uint64_t reloads_rejected = 0;
  uint64_t reloads_unchanged = 0;
};

// The page /certs, as JSON.
std::string certificates_json(const Snapshot& running, const CertificateStatus& status,
                              const PlaintextCallers& callers, WallTime now);

}  // namespace woad
