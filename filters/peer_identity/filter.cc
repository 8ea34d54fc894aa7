#include "filters/peer_identity/filter.h"

namespace woad {
namespace {

constexpr std::string_view kClientCert = "x-forwarded-client-cert";

// One element of what Envoy calls XFCC. SPIFFE ids and hexadecimal digits need no quotes in it.
std::string_view element(const ExchangeInfo& info, Arena& arena) {
  return arena.join("By=", info.own_id, ";Hash=", info.peer_certificate, ";URI=", info.principal);
}

}  // namespace

// Neither `Connection` nor a trailer nor a name with '_' reaches what is set here: codecs take the
// connection's options off before any filter runs and keep x-forwarded-* out of them and of
// trailers (http/validate.h).
HeadVerdict PeerIdentityFilter::on_request_head(RequestHead& head, bool) {
  head.headers.remove(kClientCert);
  const ExchangeInfo& info = context_.info();
  if (!info.probe && !info.principal.empty() && context_.settings<Settings>().forward_client_cert) {
    head.headers.add(kClientCert, element(info, context_.arena()), HeaderId::kOther);
  }
  return Verdict::go();
}

}  // namespace woad
