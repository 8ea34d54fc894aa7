#include "proxy/webhook/certificate.h"

#include <utility>

namespace woad {

ServerCertificate::ServerCertificate(Scheduler& scheduler, FileEvents& events,
                                     const std::string& folder, Changed changed)
    : scheduler_(scheduler),
      certificate_(folder + "/tls.crt"),
      key_(folder + "/tls.key"),
      changed_(std::move(changed)),
      gather_(scheduler.timers(), bind_timer<&ServerCertificate::on_gathered>(this)) {
  for (const std::string& file : {certificate_, key_}) {
    watches_.push_back(
        std::make_unique<FileWatch>(scheduler, events, file, [this] { gather_.arm(kGather); }));
  }
}

Result<TlsContext::Ptr> ServerCertificate::read() const {
  const Result<PemText> certificate = read_pem_file(certificate_);
  if (!certificate) return certificate.error();
  const Result<PemText> key = read_pem_file(key_);
  if (!key) return key.error();
  Result<TlsMaterial::Ptr> material = TlsMaterial::server(*certificate, *key, scheduler_.wall());
  if (!material) return material.error();
  return TlsContext::make(std::move(*material), TlsVersion::k12);
}

}  // namespace woad
