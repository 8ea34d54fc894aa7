// What `tls`, `inbound.mtls` and `services.*.tls` take; what they refuse is in tests/golden/config.
#include <doctest/doctest.h>

#include "config/load.h"
#include "config/tables.h"

using namespace woad::config;

namespace {

constexpr std::string_view kHead =
    "node: { service: cart }\n"
    "tls: { certificate: tls/tls.crt, key: /etc/tls.key, trust_bundle: ../ca.crt }\n";

std::shared_ptr<const Config> load(const std::string& text) {
  const LoadResult loaded = load_text(text, "/etc/woad/woad.yaml", Environment::none());
  INFO(text);
  REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
  return loaded.config;
}

TEST_CASE("tls: files are relative to the file that names them") {
  const auto config = load(std::string(kHead));
  REQUIRE(config->tls);
  CHECK(*config->tls->certificate == "/etc/woad/tls/tls.crt");
  CHECK(*config->tls->key == "/etc/tls.key");
  CHECK(*config->tls->trust_bundle == "/etc/woad/../ca.crt");
  CHECK_FALSE(config->tls->trust_domain);
  CHECK(config->tls->min_version == TlsVersion::k13);
  CHECK_FALSE(load("node: { service: cart }\n")->tls);
}

TEST_CASE("tls: version and trust domain") {
  struct Case {
    std::string_view more;
    TlsVersion version;
    std::string_view domain;
  };
  for (const Case& each : {Case{"min_version: \"1.2\"", TlsVersion::k12, ""},
                           Case{"min_version: 1.3", TlsVersion::k13, ""},
                           Case{"trust_domain: shop.example", TlsVersion::k13, "shop.example"}}) {
    const auto config = load(
        "node: { service: cart }\ntls: { certificate: c, key: k, "
        "trust_bundle: b, " +
        std::string(each.more) + " }\n");
    CHECK(config->tls->min_version == each.version);
    CHECK((config->tls->trust_domain ? **config->tls->trust_domain : "") == each.domain);
  }
}

TEST_CASE("inbound: mtls and probes") {
  const auto config = load(std::string(kHead) + R"(inbound:
  - { address: 127.0.0.1:1, app: 127.0.0.1:9 }
  - { address: 127.0.0.1:2, app: 127.0.0.1:9, mtls: strict, probe_paths: [/, /healthz, /a/b] }
  - { address: 127.0.0.1:3, app: 127.0.0.1:9, mtls: permissive, probe_paths: [] }
  - { address: 127.0.0.1:4, app: 127.0.0.1:9, mtls: off }
)");
  constexpr Mtls kExpected[] = {Mtls::kStrict, Mtls::kStrict, Mtls::kPermissive, Mtls::kOff};
  for (size_t i = 0; i < 4; ++i) CHECK(config->inbound[i].mtls == kExpected[i]);
  std::string probes;
  for (const auto& path : config->inbound[1].probe_paths) probes += *path + " ";
  CHECK(probes == "/ /healthz /a/b ");
}

TEST_CASE("services: tls, and its mode when none is written") {
  struct Case {
    std::string_view service;
    TlsMode mode;
    std::string_view sni, ca;  // "": left out
    size_t peers = 0;
  };
  const Case cases[] = {
      {"{}", TlsMode::kMtls, "", ""},
      {"{ tls: {} }", TlsMode::kMtls, "", ""},
      {"{ external: true }", TlsMode::kOff, "", ""},
      {"{ external: true, tls: { mode: mtls } }", TlsMode::kMtls, "", ""},
      {"{ tls: { mode: off } }", TlsMode::kOff, "", ""},
      {"{ tls: { sni: price.shop } }", TlsMode::kMtls, "price.shop", ""},
      {"{ tls: { sni: 10.0.0.1 } }", TlsMode::kMtls, "10.0.0.1", ""},
      {"{ tls: { sni: '::1' } }", TlsMode::kMtls, "::1", ""},
      {"{ tls: { peer: [spiffe://a/b, spiffe://a/c/*] } }", TlsMode::kMtls, "", "", 2},
      {"{ tls: { mode: tls } }", TlsMode::kTls, "", ""},
      {"{ tls: { mode: tls, ca: system, sni: bank } }", TlsMode::kTls, "bank", "system"},
      {"{ tls: { mode: tls, ca: bank.crt } }", TlsMode::kTls, "", "/etc/woad/bank.crt"},
      {"{ tls: { mode: tls, ca: ./system } }", TlsMode::kTls, "", "/etc/woad/./system"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.service);
    const auto config =
        load(std::string(kHead) + "services: { price: " + std::string(each.service) + " }\n");
    const Service& service = *config->services[0];
    CHECK(tls_mode(*config, service) == each.mode);
    CHECK((service.tls.sni ? **service.tls.sni : "") == each.sni);
    CHECK((service.tls.ca ? **service.tls.ca : "") == each.ca);
    CHECK(service.tls.peer.size() == each.peers);
  }
  const auto bare = load("node: { service: cart }\nservices: { price: {} }\n");
  CHECK(tls_mode(*bare, *bare->services[0]) == TlsMode::kOff);
}

}  // namespace
