#include "proxy/admin/certs.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/rfc3339.h"

namespace woad {
namespace {

using Json = nlohmann::ordered_json;

Json certificates_of(const std::vector<CertificateInfo>& certificates) {
  Json all = Json::array();
  for (const CertificateInfo& each : certificates) {
    all.push_back({{"subject", each.subject},
                   {"not_before", rfc3339(each.not_before)},
                   {"not_after", rfc3339(each.not_after)},
                   {"sha256", each.sha256}});
  }
  return all;
}

Json identity_of(const TlsMaterial& material, WallTime now) {
  const int64_t left = (material.not_after() - now) / seconds(1);
  return {{"id", material.svid()->id},
          {"trust_domain", material.trust_domain()},
          {"not_after", rfc3339(material.not_after())},
          {"seconds_left", left},
          {"chain", certificates_of(material.chain())},
          {"trust_bundle", certificates_of(material.roots())}};
}

std::string_view word(Mtls mtls) {
  switch (mtls) {
    case Mtls::kOff: return "off";
    case Mtls::kPermissive: return "permissive";
    case Mtls::kStrict: return "strict";
  }
  return "";
}

}  // namespace

std::string certificates_json(const Snapshot& running, const CertificateStatus& status,
                              const PlaintextCallers& callers, WallTime now) {
  const TlsContext::Ptr& own = running.tls.own.context;
  Json listeners = Json::array();
  for (const ListenerSpec& listener : running.listeners) {
    if (listener.direction != Direction::kInbound) continue;
    listeners.push_back({{"address", listener.name}, {"mtls", word(listener.mtls)}});
  }
  Json plaintext = Json::array();
  for (const PlaintextCallers::Caller& each : callers.list()) {
    plaintext.push_back(
        {{"address", each.address}, {"requests", each.requests}, {"last", rfc3339(each.last)}});
  }
  Json roots = Json::object();
  for (const auto& [ca, epoch] : running.tls.of_roots) {
    roots[ca] = epoch.context == nullptr ? 0 : epoch.context->material().roots().size();
  }
  const Json page{
      {"identity", own == nullptr ? Json(nullptr) : identity_of(own->material(), now)},
      {"files", running.tls.files},
      {"loaded_at", own == nullptr ? Json(nullptr) : Json(rfc3339(status.loaded_at))},
      {"last_error", status.last_error.empty() ? Json(nullptr) : Json(status.last_error)},
      {"reloads",
       {{"success", status.reloads_success},
        {"rejected", status.reloads_rejected},
        {"unchanged", status.reloads_unchanged}}},
      {"roots_of_services", std::move(roots)},
      {"listeners", std::move(listeners)},
      {"plaintext_callers", std::move(plaintext)}};
  return json_page(page);
}

}  // namespace woad
