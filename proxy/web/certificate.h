// The certificate of an HTTPS server or client in a folder and its rotation: read anew whenever a
// file changes, however (net/file_watch.h). A set that does not hold changes nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/file_watch.h"
#include "proxy/net/tls/context.h"

namespace woad {

// kServer: tls.crt and tls.key, for clients that show nothing. kIdentity: with ca.crt, a SPIFFE id
// that asks those of its trust domain for theirs, and may call as well. kClient: the same files, to
// call servers without SPIFFE ids by their names.
enum class CertificateKind : uint8_t { kServer, kIdentity, kClient };

// Blocks.
Result<TlsContext::Ptr> read_certificate(const std::string& folder, CertificateKind kind,
                                         WallTime now);

class ServerCertificate {
 public:
  // Certificate and key are two files, replaced one after the other: a change is told when nothing
  // more happened for so long.
  static constexpr Duration kGather = milliseconds(150);

  using Changed = std::function<void(Result<TlsContext::Ptr>)>;

  // `changed` gets the new one, or why there is none. All outlive this; the loop's thread.
  ServerCertificate(Scheduler& scheduler, FileEvents& events, const std::string& folder,
                    CertificateKind kind, Changed changed);

  // Reads the files. Blocks.
  Result<TlsContext::Ptr> read() const {
    return read_certificate(folder_, kind_, scheduler_.wall());
  }

 private:
  void on_gathered() { changed_(read()); }

  Scheduler& scheduler_;
  std::string folder_;
  CertificateKind kind_;
  Changed changed_;
  Timer gather_;
  std::vector<std::unique_ptr<FileWatch>> watches_;
};

}  // namespace woad
