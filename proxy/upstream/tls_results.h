// How TLS handshakes ended, for metrics.
#pragma once

#include <string_view>

#include "proxy/http/exchange_info.h"
#include "proxy/net/tls/transport.h"
#include "proxy/observe/metrics.h"

namespace woad {

// Words of label `result` of woad_tls_handshakes_total; beside them "ok" and "plaintext".
inline std::string_view to_string(TlsError::Kind kind) {
  switch (kind) {
    case TlsError::Kind::kAlert: return "alert";
    case TlsError::Kind::kCertificate: return "certificate";
    case TlsError::Kind::kProtocol: return "protocol";
    case TlsError::Kind::kTimeout: return "timeout";
    case TlsError::Kind::kLost: return "lost";
  }
  return "";
}

inline void count_handshake(WorkerMetrics& metrics, Direction direction, std::string_view result) {
  metrics.count(Family::kTlsHandshakes,
                {metrics.intern(to_string(direction)), metrics.intern(result)});
}

}  // namespace woad
