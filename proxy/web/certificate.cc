#include "proxy/web/certificate.h"

#include <utility>

#include "proxy/net/tls/svid.h"

namespace woad {
namespace {

constexpr const char* kCertificate = "/tls.crt";
constexpr const char* kKey = "/tls.key";
constexpr const char* kBundle = "/ca.crt";

Result<TlsMaterial::Ptr> read_material(const std::string& folder, CertificateKind kind,
                                       WallTime now) {
  const Result<PemText> certificate = read_pem_file(folder + kCertificate);
  if (!certificate) return certificate.error();
  const Result<PemText> key = read_pem_file(folder + kKey);
  if (!key) return key.error();
  if (kind == CertificateKind::kServer) return TlsMaterial::server(*certificate, *key, now);
  const Result<PemText> bundle = read_pem_file(folder + kBundle);
  if (!bundle) return bundle.error();
  if (kind == CertificateKind::kClient) {
    return TlsMaterial::client(*certificate, *key, *bundle, now);
  }
  const Result<Svid> svid = read_svid_pem(certificate->text, TlsSide::kEither);
  if (!svid) return Error{folder + kCertificate + ": " + svid.error().message};
  return TlsMaterial::identity(*certificate, *key, *bundle, svid->trust_domain, now);
}

}  // namespace

Result<TlsContext::Ptr> read_certificate(const std::string& folder, CertificateKind kind,
                                         WallTime now) {
  Result<TlsMaterial::Ptr> material = read_material(folder, kind, now);
  if (!material) return material.error();
  const bool strict = kind == CertificateKind::kIdentity;
  return TlsContext::make(std::move(*material), strict ? TlsVersion::k13 : TlsVersion::k12);
}

ServerCertificate::ServerCertificate(Scheduler& scheduler, FileEvents& events,
                                     const std::string& folder, CertificateKind kind,
                                     Changed changed)
    : scheduler_(scheduler),
      folder_(folder),
      kind_(kind),
      changed_(std::move(changed)),
      gather_(scheduler.timers(), bind_timer<&ServerCertificate::on_gathered>(this)) {
  std::vector<std::string> files = {kCertificate, kKey};
  if (kind_ != CertificateKind::kServer) files.emplace_back(kBundle);
  for (const std::string& file : files) {
    watches_.push_back(std::make_unique<FileWatch>(scheduler, events, folder_ + file,
                                                   [this] { gather_.arm(kGather); }));
  }
}

}  // namespace woad
