// Dials over real sockets: what an endpoint can do wrong, and what a client is told of it.
#include "proxy/upstream/socket_dialer.h"

#include <optional>

#include <doctest/doctest.h>

#include "tests/net/tls/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

std::shared_ptr<const Channel> tls_channel(TlsClientOptions options, Duration timeout = kDeadline) {
  return std::make_shared<const Channel>(
      Channel{.connect_timeout = timeout,
              .tls = present_workloads().cart_context,
              .tls_options = std::make_shared<const TlsClientOptions>(std::move(options))});
}

TlsClientOptions asking(std::function<bool(std::string_view)> peer = {}) {
  return {"price", alpn_wire({"h2", "http/1.1"}), std::move(peer), "spiffe://example.org/other"};
}

// A server that the test plays: it says `words`, or shakes hands with what `tls` is.
class Endpoint {
 public:
  Endpoint() : listener_(sure(listen_tcp(any_port()))) {}
  explicit Endpoint(const OpensslPeer::Settings& tls) : Endpoint() { tls_.emplace(tls); }

  Address address() const { return local_address(listener_.get()); }
  // Takes what there is, and answers.
  void step() {
    if (peer_.fd() < 0) {
      const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      peer_ = Peer(Fd(socket));
      if (!words.empty()) peer_.send(words);
      if (closes) peer_.close();
      return;
    }
    if (!tls_) return;
    peer_.receive();
    tls_->feed(std::exchange(peer_.received, {}));
    tls_->step();
    peer_.send(tls_->take_output());
  }
  bool accepted() const { return peer_.fd() >= 0; }

  std::string words;
  bool closes = false;

 private:
  Fd listener_;
  Peer peer_;
  std::optional<OpensslPeer> tls_;
};

struct Dialing final : DialSink {
  void on_dialed(Dialed result) override { dialed.emplace(std::move(result)); }
  void on_dial_failed(DialFailure result) override { failure.emplace(std::move(result)); }

  // Until it is over one way or the other.
  void run(const Address& address, std::shared_ptr<const Channel> channel, Endpoint* endpoint) {
    dial = dialer->dial(address, channel, *this);
    REQUIRE(run_until(loop, [&] {
      if (endpoint != nullptr) endpoint->step();
      return dialed || failure;
    }));
  }
  // As they were counted: "outbound ok 1".
  std::string handshakes() const {
    std::string text;
    for (const auto& series : metrics.snapshot().series) {
      if (series.family != Family::kTlsHandshakes) continue;
      text += series.labels[0] + " " + series.labels[1] + " " + std::to_string(series.value);
    }
    return text;
  }

  BlockPool blocks;
  Loop loop;
  WorkerMetrics metrics;
  std::unique_ptr<Dialer> dialer = make_dialer(loop, blocks, &metrics);
  std::unique_ptr<Dial> dial;
  std::optional<Dialed> dialed;
  std::optional<DialFailure> failure;
};

OpensslPeer::Settings price_server(std::string alpn) {
  OpensslPeer::Settings settings = server_of(present_workloads().price);
  settings.alpn = std::move(alpn);
  return settings;
}

TEST_CASE("dialer: what TLS agreed on, and how long it is good") {
  Endpoint endpoint(price_server(alpn_wire({"h2"})));
  Dialing dialing;
  dialing.run(endpoint.address(), tls_channel(asking([](auto id) { return id == kPriceId; })),
              &endpoint);
  REQUIRE(dialing.dialed);
  CHECK(dialing.dialed->alpn == "h2");
  CHECK(dialing.dialed->good_until == present_workloads().cart_context->material().not_after());
  CHECK(dialing.handshakes() == "outbound ok 1");
}

TEST_CASE("dialer: the certificate that ends first counts") {
  CertificateSpec spec = valid_at(present_workloads().now, leaf_spec(kPriceId));
  spec.ends -= hours(20);
  const Issued leaf = issue(spec, &present_workloads().root);
  Endpoint endpoint(server_of(leaf));
  Dialing dialing;
  dialing.run(endpoint.address(), tls_channel(asking()), &endpoint);
  REQUIRE(dialing.dialed);
  CHECK(dialing.dialed->alpn == "http/1.1");
  CHECK(dialing.dialed->good_until ==
        sure(read_svid_pem(leaf.certificate, TlsSide::kServer)).not_after);
}

TEST_CASE("dialer: plaintext") {
  Endpoint endpoint;
  Dialing dialing;
  const Channel plain{.connect_timeout = kDeadline};
  dialing.run(endpoint.address(), std::make_shared<const Channel>(plain), &endpoint);
  REQUIRE(dialing.dialed);
  CHECK(dialing.dialed->alpn.empty());
  CHECK(dialing.dialed->good_until == WallTime::max());
  CHECK(dialing.handshakes().empty());
}

TEST_CASE("dialer: nobody listens") {
  Address address = any_port();
  {
    const Endpoint gone;
    address = gone.address();
  }
  Dialing dialing;
  dialing.run(address, tls_channel(asking()), nullptr);
  REQUIRE(dialing.failure);
  CHECK(dialing.failure->proxy_status == "connection_refused");
  CHECK(dialing.failure->message == address.to_string() + ": connection refused");
  CHECK(dialing.handshakes().empty());
}

TEST_CASE("dialer: how a handshake fails, in the words of RFC 9209") {
  const Workloads strangers(std::chrono::system_clock::now());
  OpensslPeer::Settings only_old = price_server(alpn_wire({"h2"}));
  only_old.max_version = 0x0303;
  struct Case {
    std::string_view what;
    std::optional<OpensslPeer::Settings> server;
    std::string words;
    bool closes;
    std::function<bool(std::string_view)> peer;
    std::string_view proxy_status, counted;
  };
  const Case cases[] = {
      {"a certificate of strangers",
       server_of(strangers.price),
       "",
       false,
       {},
       "tls_certificate_error",
       "certificate"},
      {"another than the expected one", price_server(alpn_wire({"h2"})), "", false,
       [](std::string_view id) { return id == "spiffe://example.org/other"; },
       "tls_certificate_error", "certificate"},
      {"no version in common", only_old, "", false, {}, "tls_alert_received", "alert"},
      {"no TLS at all",
       {},
       "HTTP/1.1 400 Bad Request\r\n\r\n",
       false,
       {},
       "tls_protocol_error",
       "protocol"},
      {"an alert at once",
       {},
       std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
       false,
       {},
       "tls_alert_received",
       "alert"},
      {"closed at once", {}, "", true, {}, "tls_protocol_error", "lost"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    std::optional<Endpoint> endpoint;
    each.server ? endpoint.emplace(*each.server) : endpoint.emplace();
    endpoint->words = each.words;
    endpoint->closes = each.closes;
    Dialing dialing;
    dialing.run(endpoint->address(), tls_channel(asking(each.peer)), &*endpoint);
    REQUIRE(dialing.failure);
    CAPTURE(dialing.failure->message);
    CHECK(dialing.failure->proxy_status == each.proxy_status);
    CHECK(dialing.failure->message.starts_with(endpoint->address().to_string() + ": "));
    CHECK(dialing.handshakes() == "outbound " + std::string(each.counted) + " 1");
  }
}

// The server takes the connection and says nothing: what connecting left of the time is all there
// is for the handshake.
TEST_CASE("dialer: one deadline for connecting and shaking hands") {
  Endpoint endpoint;
  Dialing dialing;
  const MonoTime begin = dialing.loop.scheduler().now();
  constexpr Duration kLimit = milliseconds(100);
  dialing.run(endpoint.address(), tls_channel(asking(), kLimit), &endpoint);
  REQUIRE(dialing.failure);
  CHECK(endpoint.accepted());
  CHECK(dialing.failure->proxy_status == "connection_timeout");
  CHECK(dialing.loop.scheduler().now() - begin >= kLimit);
  CHECK(dialing.handshakes() == "outbound timeout 1");
}

TEST_CASE("dialer: a dial that is given up says nothing more") {
  Endpoint endpoint;
  Dialing dialing;
  dialing.dial = dialing.dialer->dial(endpoint.address(), tls_channel(asking()), dialing);
  REQUIRE(run_until(dialing.loop, [&] {
    endpoint.step();
    return endpoint.accepted();
  }));
  dialing.dial.reset();
  REQUIRE(run_until(dialing.loop, [&] { return !dialing.loop.has_owned(); }));
  CHECK_FALSE(dialing.dialed);
  CHECK_FALSE(dialing.failure);
}

}  // namespace
