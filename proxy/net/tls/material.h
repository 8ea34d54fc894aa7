// What TLS is made of: our certificate chain and key, and whom we trust.
//
// Everything is checked when it is loaded, so that a set that does not belong together (half
// rotated, half written, of another mesh) is refused as a whole and the one in use stays. Immutable
// and shared; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/time.h"
#include "proxy/base/whole_file.h"
#include "proxy/net/tls/svid.h"

namespace woad {

// PEM text and the name of where it came from, for sentences.
struct PemText {
  std::string name;
  std::string text;
  bool whole = true;  // false: somebody was writing the file while it was read
  FileIdentity identity{};
};

// Largest file that is read.
inline constexpr size_t kMaxPemFile = size_t{1} << 20;

// Reads a regular file of at most kMaxPemFile bytes. Blocks: not for a worker's loop.
Result<PemText> read_pem_file(const std::string& path);

// The roots that the system trusts, from the file where Debian, Fedora or Alpine keep them. Read
// whole: OpenSSL's own default would look into a folder of files during handshakes.
Result<PemText> read_system_roots();

// For showing (/certs).
struct CertificateInfo {
  std::string subject;  // printable, shortened
  WallTime not_before;
  WallTime not_after;
  std::string sha256;  // of the DER, lower-case hexadecimal
};

class TlsMaterial {
 public:
  using Ptr = std::shared_ptr<const TlsMaterial>;

  // What it is good for: to serve and call within a mesh, only to call servers without SPIFFE ids,
  // or only to serve clients that show no certificate.
  enum class Role : uint8_t { kIdentity, kTrust, kServer };

  // Our identity and the roots of our trust domain. Holds when the key belongs to the first
  // certificate of the chain, that is a leaf SVID of `trust_domain`, the chain
  // builds to a root of the bundle and is strong enough (112 bits of security, OpenSSL level 2),
  // all of it is valid at `now`, and every certificate of the bundle is a CA. Each error names file
  // and check. Certificate and key may be one file.
  static Result<Ptr> identity(const PemText& certificate, const PemText& key, const PemText& bundle,
                              std::string_view trust_domain, WallTime now);
  // Trust alone, to call servers that have no SPIFFE id.
  static Result<Ptr> trust(const PemText& certificates);
  // The same with a certificate of ours that names no SPIFFE id, for servers that ask for one; the
  // key belongs to the first certificate of the chain, which has not ended.
  static Result<Ptr> client(const PemText& certificate, const PemText& key,
                            const PemText& authorities, WallTime now);
  // The certificate of an ordinary HTTPS server: the key belongs to the first certificate of the
  // chain, which has not ended. By what names it is called is its clients' business.
  static Result<Ptr> server(const PemText& certificate, const PemText& key, WallTime now);

  ~TlsMaterial();
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;

  Role role() const;
  // nullptr without an identity.
  const Svid* svid() const;
  // "" without an identity.
  std::string_view trust_domain() const;
  // When the chain as verified ends: the earliest of leaf, intermediates and root; of a server, or
  // a client without SPIFFE id, the end of its certificate; WallTime::max() of trust alone.
  WallTime not_after() const;
  // Our chain as it is sent, leaf first; and whom we trust.
  const std::vector<CertificateInfo>& chain() const;
  const std::vector<CertificateInfo>& roots() const;

  // For proxy/net alone: the OpenSSL objects.
  struct Native;
  const Native& native() const { return *native_; }

 private:
  explicit TlsMaterial(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
};

}  // namespace woad
