#include "proxy/net/tls/material.h"

#include <algorithm>

#include "proxy/net/tls/anchors.h"
#include "proxy/net/tls/material_native.h"
#include "proxy/net/tls/pem.h"
#include "proxy/net/tls/svid_x509.h"
#include "proxy/net/tls/verify.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

// Our own chain is sent with each handshake; more than this is a bundle by mistake.
constexpr size_t kMaxChain = 10;

CertificateInfo describe(const X509* certificate) {
  const std::string subject = subject_words(certificate);
  return {subject.substr(1, subject.size() - 2),  // the quotes are for sentences
          wall_time(X509_get0_notBefore(certificate)).value_or(WallTime{}),
          wall_time(X509_get0_notAfter(certificate)).value_or(WallTime{}),
          certificate_hash(certificate)};
}

// Whether peers that trust the bundle will accept our chain, in the role of `purpose`.
ChainVerdict check_chain(const TlsMaterial::Native& native, const char* purpose, WallTime now) {
  const StoreContextPtr context(X509_STORE_CTX_new());
  STACK_OF(X509)* const others = sk_X509_new_null();
  for (size_t i = 1; i < native.certificates.size(); ++i) {
    sk_X509_push(others, native.certificates[i].get());
  }
  WOAD_ASSERT(X509_STORE_CTX_init(context.get(), native.store.get(),
                                  native.certificates.front().get(), others) == 1);
  X509_STORE_CTX_set_default(context.get(), purpose);
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context.get()), kSecurityLevel);
  ChainVerdict verdict = verify_chain(context.get(), now);
  sk_X509_free(others);
  return verdict;
}

Result<void> check_key(const PemText& certificate, const PemText& key,
                       const TlsMaterial::Native& native) {
  if (X509_check_private_key(native.certificates.front().get(), native.key.get()) == 1) return {};
  return pem_fault(key, "is not the key of the first certificate in " + certificate.name);
}

Result<void> check_times(const PemText& certificate, WallTime not_before, WallTime not_after,
                         WallTime now) {
  switch (validity(not_before, not_after, now)) {
    case Validity::kExpired: return pem_fault(certificate, "expired at " + utc_words(not_after));
    case Validity::kNotYet:
      return pem_fault(certificate, "is not valid before " + utc_words(not_before));
    case Validity::kValid: break;
  }
  return {};
}

// The key, the SVID and its times: what the certificate file alone tells.
Result<Svid> check_leaf(const PemText& certificate, const PemText& key,
                        const TlsMaterial::Native& native, std::string_view trust_domain,
                        WallTime now) {
  X509* const leaf = native.certificates.front().get();
  const Result<void> paired = check_key(certificate, key, native);
  if (!paired) return paired.error();
  Result<Svid> svid = read_svid(leaf, TlsSide::kEither);
  if (!svid)
    return pem_fault(certificate, "its first certificate is no SVID: " + svid.error().message);
  if (svid->trust_domain != trust_domain) {
    return pem_fault(certificate, "its id " + svid->id + " is not of the trust domain " +
                                      std::string(trust_domain));
  }
  const Result<void> valid = check_times(certificate, svid->not_before, svid->not_after, now);
  if (!valid) return valid.error();
  return svid;
}

std::vector<CertificateInfo> describe_all(const std::vector<X509Ptr>& certificates) {
  std::vector<CertificateInfo> described;
  described.reserve(certificates.size());
  for (const X509Ptr& certificate : certificates) described.push_back(describe(certificate.get()));
  return described;
}

// Our chain and key; whether they belong together is checked later.
Result<void> read_pair(TlsMaterial::Native& native, const PemText& certificate,
                       const PemText& key) {
  const bool together = certificate.name == key.name;
  Result<std::vector<X509Ptr>> chain = read_certificates(
      certificate, together ? PemHolds::kCertificatesAndKey : PemHolds::kCertificates);
  if (!chain) return chain.error();
  if (chain->size() > kMaxChain) {
    return pem_fault(certificate, "holds " + std::to_string(chain->size()) +
                                      " certificates; a chain has at most " +
                                      std::to_string(kMaxChain));
  }
  Result<KeyPtr> private_key =
      read_private_key(key, together ? PemHolds::kCertificatesAndKey : PemHolds::kKey);
  if (!private_key) return private_key.error();
  native.certificates = std::move(*chain);
  native.key = std::move(*private_key);
  native.chain = describe_all(native.certificates);
  return {};
}

// What is asked of a certificate that names no SPIFFE id.
Result<void> read_plain_pair(TlsMaterial::Native& native, const PemText& certificate,
                             const PemText& key, WallTime now) {
  Result<void> good = read_pair(native, certificate, key);
  if (good) good = check_key(certificate, key, native);
  if (!good) return good;
  const CertificateInfo& leaf = native.chain.front();
  native.not_after = leaf.not_after;
  return check_times(certificate, leaf.not_before, leaf.not_after, now);
}

Result<void> read_trust(TlsMaterial::Native& native, const PemText& certificates,
                        PemHolds holds = PemHolds::kCertificates) {
  const Result<std::vector<X509Ptr>> roots = read_certificates(certificates, holds);
  if (!roots) return roots.error();
  native.store = make_anchors(*roots);
  native.roots = describe_all(*roots);
  return {};
}

}  // namespace

TlsMaterial::TlsMaterial(std::unique_ptr<Native> native) : native_(std::move(native)) {}
TlsMaterial::~TlsMaterial() = default;

Result<TlsMaterial::Ptr> TlsMaterial::identity(const PemText& certificate, const PemText& key,
                                               const PemText& bundle, std::string_view trust_domain,
                                               WallTime now) {
  init_openssl();
  auto native = std::make_unique<Native>();
  Result<void> read = read_pair(*native, certificate, key);
  if (read) read = read_trust(*native, bundle, PemHolds::kAuthorities);
  if (!read) return read.error();
  Result<Svid> svid = check_leaf(certificate, key, *native, trust_domain, now);
  if (!svid) return svid.error();
  X509* const leaf = native->certificates.front().get();
  for (const auto& [side, purpose] :
       {std::pair(TlsSide::kServer, "ssl_server"), std::pair(TlsSide::kClient, "ssl_client")}) {
    if (!read_svid(leaf, side)) continue;  // it is for the other side alone
    const ChainVerdict verdict = check_chain(*native, purpose, now);
    if (verdict.code != X509_V_OK) {
      return pem_fault(certificate, "does not hold against " + bundle.name + ": " + verdict.why);
    }
    native->not_after = std::min(native->not_after, verdict.not_after);
  }
  native->svid = std::move(*svid);
  native->role = Role::kIdentity;
  return Ptr(new TlsMaterial(std::move(native)));
}

Result<TlsMaterial::Ptr> TlsMaterial::trust(const PemText& certificates) {
  init_openssl();
  auto native = std::make_unique<Native>();
  const Result<void> good = read_trust(*native, certificates);
  if (!good) return good.error();
  return Ptr(new TlsMaterial(std::move(native)));
}

Result<TlsMaterial::Ptr> TlsMaterial::client(const PemText& certificate, const PemText& key,
                                             const PemText& authorities, WallTime now) {
  init_openssl();
  auto native = std::make_unique<Native>();
  Result<void> good = read_trust(*native, authorities);
  if (good) good = read_plain_pair(*native, certificate, key, now);
  if (!good) return good.error();
  return Ptr(new TlsMaterial(std::move(native)));
}

Result<TlsMaterial::Ptr> TlsMaterial::server(const PemText& certificate, const PemText& key,
                                             WallTime now) {
  init_openssl();
  auto native = std::make_unique<Native>();
  native->role = Role::kServer;
  const Result<void> good = read_plain_pair(*native, certificate, key, now);
  if (!good) return good.error();
  return Ptr(new TlsMaterial(std::move(native)));
}

TlsMaterial::Role TlsMaterial::role() const { return native_->role; }
const Svid* TlsMaterial::svid() const { return native_->svid ? &*native_->svid : nullptr; }
std::string_view TlsMaterial::trust_domain() const {
  return native_->svid ? std::string_view(native_->svid->trust_domain) : std::string_view();
}
WallTime TlsMaterial::not_after() const { return native_->not_after; }
const std::vector<CertificateInfo>& TlsMaterial::chain() const { return native_->chain; }
const std::vector<CertificateInfo>& TlsMaterial::roots() const { return native_->roots; }

}  // namespace woad
