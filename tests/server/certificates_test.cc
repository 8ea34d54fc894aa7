#include "proxy/server/certificates.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/workloads.h"

using namespace woad;
using namespace woad::test;

namespace {

constexpr WallTime kNow = kCertificateNow;

// What a load made: of this context, refused for this reason.
SnapshotTls loaded(TlsContext::Ptr context, std::string refused = "") {
  SnapshotTls tls;
  tls.own.context = std::move(context);
  tls.refused = std::move(refused);
  tls.files = {"tls.crt", "tls.key", "ca.crt"};
  return tls;
}

struct Noted {
  Loop loop;
  FileEvents events{loop};
  Certificates certificates{loop.scheduler(), events, [] {}};

  // "success rejected unchanged: last error"
  std::string counts() const {
    const CertificateStatus& now = certificates.status();
    return std::to_string(now.reloads_success) + " " + std::to_string(now.reloads_rejected) + " " +
           std::to_string(now.reloads_unchanged) + ": " + now.last_error;
  }
};

TEST_CASE("certificates: what became of each load") {
  const SnapshotTls none;
  const SnapshotTls cart = loaded(workloads().cart_context);
  const SnapshotTls price = loaded(workloads().price_context);
  const SnapshotTls refused = loaded(workloads().cart_context, "tls.key: is not the key");
  struct Step {
    std::string_view what;
    const SnapshotTls* before;
    const SnapshotTls* now;
    bool changed;
    std::string_view counts;
    int loaded_at;  // hours behind kNow
  };
  const Step steps[] = {
      {"the start", nullptr, &cart, true, "0 0 0: ", 0},
      {"nothing new", &cart, &cart, false, "0 0 1: ", 0},
      {"refused", &cart, &refused, false, "0 1 1: tls.key: is not the key", 0},
      {"refused again", &refused, &refused, false, "0 2 1: tls.key: is not the key", 0},
      {"as it was", &refused, &cart, false, "0 2 2: ", 0},
      {"renewed", &cart, &price, true, "1 2 2: ", 5},
      {"renewed, what came next refused", &price, &refused, true, "1 3 2: tls.key: is not the key",
       6},
      {"without tls", &refused, &none, true, "1 3 2: ", 6},
      {"still without", &none, &none, false, "1 3 2: ", 6},
  };
  Noted noted;
  int hour = 0;
  for (const Step& step : steps) {
    CAPTURE(step.what);
    CHECK(noted.certificates.note(step.before, *step.now, kNow + hours(hour++)) == step.changed);
    CHECK(noted.counts() == step.counts);
    CHECK(noted.certificates.status().loaded_at == kNow + hours(step.loaded_at));
  }
}

TEST_CASE("certificates: roots of services are noted too") {
  SnapshotTls before;
  before.files = {"bank.crt"};
  before.of_roots["bank.crt"].context = workloads().cart_context;
  SnapshotTls now = before;
  Noted noted;
  CHECK(noted.certificates.note(nullptr, before, kNow));
  CHECK_FALSE(noted.certificates.note(&before, now, kNow));
  now.of_roots["bank.crt"].context = workloads().price_context;
  CHECK(noted.certificates.note(&before, now, kNow));
  now = before;
  now.of_roots["post.crt"].context = workloads().cart_context;
  CHECK(noted.certificates.note(&before, now, kNow));
}

// Runs with these listeners and the certificate of `cart` (25 h of life, from an hour before kNow).
Snapshot running(std::initializer_list<Mtls> listeners,
                 TlsContext::Ptr own = workloads().cart_context) {
  Snapshot snapshot;
  snapshot.tls = loaded(std::move(own));
  for (const Mtls mtls : listeners) {
    ListenerSpec& listener = snapshot.listeners.emplace_back();
    listener.direction = Direction::kInbound;
    listener.name = "0.0.0.0:" + std::to_string(15005 + snapshot.listeners.size());
    listener.mtls = mtls;
  }
  return snapshot;
}

TEST_CASE("certificates: warnings for /readyz") {
  const std::string id(kCartId);
  const std::string ending = "warning: the certificate of " + id;
  struct Case {
    std::string_view what;
    Snapshot snapshot;
    Duration at;
    std::string_view refused;
    std::vector<std::string> lines;
  };
  const Case cases[] = {
      {"all is well", running({Mtls::kStrict, Mtls::kOff}), hours(0), "", {}},
      {"no tls", running({Mtls::kOff}, nullptr), hours(100), "", {}},
      {"a fifth of its life is left", running({}), hours(19), "", {}},
      {"less is left",
       running({}),
       hours(19) + seconds(1),
       "",
       {ending + " ends at 2026-11-21T00:00:00.000Z, and less than 20% of its life is left"}},
      {"it is over",
       running({}),
       hours(24),
       "",
       {ending + " ended at 2026-11-21T00:00:00.000Z; others refuse it"}},
      {"refused",
       running({}),
       hours(0),
       "tls.key: bad",
       {"warning: new certificate files were refused, older ones are used: tls.key: bad"}},
      {"permissive",
       running({Mtls::kPermissive, Mtls::kStrict, Mtls::kPermissive}),
       hours(0),
       "",
       {"warning: inbound 0.0.0.0:15006 has mtls: permissive, so plaintext is let in; GET /certs "
        "lists its callers",
        "warning: inbound 0.0.0.0:15008 has mtls: permissive, so plaintext is let in; GET /certs "
        "lists its callers"}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Noted noted;
    const SnapshotTls tls = loaded(workloads().cart_context, std::string(each.refused));
    noted.certificates.note(nullptr, tls, kNow);
    CHECK(noted.certificates.warnings(each.snapshot, kNow + each.at) == each.lines);
  }
}

TEST_CASE("certificates: metrics") {
  Noted noted;
  const SnapshotTls cart = loaded(workloads().cart_context);
  noted.certificates.note(nullptr, cart, kNow);
  noted.certificates.note(&cart, cart, kNow);
  const auto text = [&](const Snapshot& snapshot) {
    return render_metrics({}, noted.certificates.metrics(snapshot), Exposition::kPrometheus);
  };
  const std::string page = text(running({}));
  CAPTURE(page);
  for (const std::string_view line :
       {"\nwoad_certificate_reloads_total{result=\"success\"} 0\n",
        "\nwoad_certificate_reloads_total{result=\"rejected\"} 0\n",
        "\nwoad_certificate_reloads_total{result=\"unchanged\"} 1\n",
        "\nwoad_certificate_expiry_timestamp_seconds{name=\"certificate\"} 1795219200\n",
        "\nwoad_certificate_expiry_timestamp_seconds{name=\"trust_bundle\"} 1795219200\n"}) {
    CAPTURE(line);
    CHECK(page.find(line) != std::string::npos);
  }
  CHECK(text(running({}, nullptr)).find("expiry") == std::string::npos);
}

TEST_CASE("certificates: the page") {
  Snapshot snapshot = running({Mtls::kStrict, Mtls::kPermissive, Mtls::kOff});
  snapshot.listeners.emplace_back().name = "127.0.0.1:15001";  // outbound: not listed
  snapshot.tls.of_roots["bank.crt"].context = workloads().cart_context;
  CertificateStatus status;
  status.loaded_at = kNow - hours(2);
  status.last_error = "tls.key: bad \xff\"";
  status.reloads_rejected = 3;
  PlaintextCallers callers;
  callers.count("10.0.0.9", kNow);
  const auto page =
      nlohmann::ordered_json::parse(certificates_json(snapshot, status, callers, kNow + hours(1)));
  const std::string hash =
      sure(read_svid_pem(workloads().cart.certificate, TlsSide::kClient)).sha256;
  const std::string root = workloads().cart_context->material().roots()[0].sha256;
  const auto expected = nlohmann::ordered_json::parse(R"({
  "identity": {
    "id": "spiffe://example.org/ns/shop/sa/cart",
    "trust_domain": "example.org",
    "not_after": "2026-11-21T00:00:00.000Z",
    "seconds_left": 82800,
    "chain": [{"subject": "CN=workload", "not_before": "2026-11-19T23:00:00.000Z",
               "not_after": "2026-11-21T00:00:00.000Z", "sha256": ")" +
                                                      hash + R"("}],
    "trust_bundle": [{"subject": "CN=root", "not_before": "2026-11-19T23:00:00.000Z",
                      "not_after": "2026-11-21T00:00:00.000Z", "sha256": ")" +
                                                      root + R"("}]
  },
  "files": ["tls.crt", "tls.key", "ca.crt"],
  "loaded_at": "2026-11-19T22:00:00.000Z",
  "last_error": "tls.key: bad \ufffd\"",
  "reloads": {"success": 0, "rejected": 3, "unchanged": 0},
  "roots_of_services": {"bank.crt": 1},
  "listeners": [{"address": "0.0.0.0:15006", "mtls": "strict"},
                {"address": "0.0.0.0:15007", "mtls": "permissive"},
                {"address": "0.0.0.0:15008", "mtls": "off"}],
  "plaintext_callers": [{"address": "10.0.0.9", "requests": 1, "last": "2026-11-20T00:00:00.000Z"}]
})");
  CHECK(page.dump(1) == expected.dump(1));
  const auto bare = nlohmann::json::parse(certificates_json(Snapshot(), {}, {}, kNow));
  for (const std::string_view name : {"identity", "loaded_at", "last_error"}) {
    CAPTURE(name);
    CHECK(bare[name].is_null());
  }
}

}  // namespace
