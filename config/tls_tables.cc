// `tls` and `services.*.tls`: who we are, and whom we call how.
#include "config/tables.h"

namespace woad::config {

namespace {

// What a server is called by: sent as SNI, and looked for in its certificate.
Shape<std::string> server_name() {
  return where<std::string>(name(), [](const std::string& value) -> std::string {
    if (parse_host_port(value + ":1") || parse_host_port("[" + value + "]:1")) return {};
    return in_quotes(value) + " is not the name of a server, such as price.shop";
  });
}

// `system`, or a file.
Shape<std::string> roots() {
  Shape<std::string> shape = file();
  shape.decode = [inner = shape.decode](const Node& node, std::string& out, Diagnostics& d) {
    if (!node.is_scalar() || node.text() != kSystemRoots) return inner(node, out, d);
    out = kSystemRoots;
    return true;
  };
  return shape;
}

}  // namespace

const Table<Tls>& tls_table() {
  static const Table<Tls> table{
      required<Tls>({"certificate", &Tls::certificate, located(file()),
                     "File with our certificate chain, PEM, the leaf first: exactly one URI SAN, "
                     "our SPIFFE id."}),
      required<Tls>({"key", &Tls::key, located(file()), "File with its private key, PEM."}),
      required<Tls>({"trust_bundle", &Tls::trust_bundle, located(file()),
                     "File with the roots of our trust domain, PEM, or an intermediate alone; "
                     "several while one is being replaced."}),
      {"trust_domain", &Tls::trust_domain, optional_of(located(name())),
       "Whose identities are let in; left out: that of the certificate."},
      {"min_version", &Tls::min_version,
       words<TlsVersion>({{"1.3", TlsVersion::k13}, {"1.2", TlsVersion::k12}}),
       "Oldest version of TLS that is spoken."},
  };
  return table;
}

const Table<ServiceTls>& service_tls_table() {
  static const Table<ServiceTls> table{
      {"mode", &ServiceTls::mode,
       optional_of(words<TlsMode>(
           {{"mtls", TlsMode::kMtls}, {"tls", TlsMode::kTls}, {"off", TlsMode::kOff}})),
       "`mtls`: both sides prove their SPIFFE id; `tls`: the server proves its name; `off`: "
       "plaintext. Left out: mtls when the file has `tls` and the service is not external, else "
       "off."},
      {"peer", &ServiceTls::peer,
       "With mtls: SPIFFE ids that may answer, patterns as `principals` has them; left out: anyone "
       "of our trust domain."},
      {"sni", &ServiceTls::sni, optional_of(located(server_name())),
       "The server's name, as it is sent (SNI) and, with mode tls, proved; left out: the "
       "service's name."},
      {"ca", &ServiceTls::ca, optional_of(located(roots())),
       "With mode tls: `system`, or a file with the roots to trust, PEM, or an intermediate alone; "
       "left out: system."},
  };
  return table;
}

TlsMode tls_mode(const Config& config, const Service& service) {
  if (service.tls.mode) return *service.tls.mode;
  return config.tls && !service.external ? TlsMode::kMtls : TlsMode::kOff;
}
}  // namespace woad::config
