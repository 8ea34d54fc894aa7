// Who arrives at an inbound listener, how what is spoken is found, and what plaintext is told.
#include "proxy/http/detect.h"
#include "tests/server/inbound_rig.h"

using namespace woad;
using namespace woad::test;

namespace {

// Refused by woad itself, so no app is needed.
constexpr std::string_view kLoop = "GET / HTTP/1.1\r\nhost: price\r\nx-woad-hops: 16\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: price\r\n\r\n";
constexpr std::string_view kProbe = "GET /healthz HTTP/1.1\r\nhost: price\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

// The types of the HTTP/2 frames in `bytes`, as digits (RFC 9113 section 6).
std::string frames(std::string_view bytes) {
  std::string types;
  while (bytes.size() >= 9) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
    types += static_cast<char>('0' + byte(3));
    const size_t size = size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2);
    bytes.remove_prefix(std::min(bytes.size(), 9 + size));
  }
  return types;
}

// Preface, SETTINGS, and GET / as HEADERS of stream 1 from the static table (RFC 7541 appendix A).
std::string h2_get() {
  const std::string settings(std::string_view("\0\0\0\4\0\0\0\0\0", 9));
  const std::string head(std::string_view("\0\0\6\1\5\0\0\0\1\x82\x86\x84\x41\1a", 15));
  return std::string(kHttp2Preface) + settings + head;
}

TEST_CASE("arrival: ALPN chooses what is spoken, else the first bytes") {
  struct Case {
    std::string_view protocol;  // of the listener
    std::vector<std::string_view> offers;
    bool sends_h2;
    std::string_view agreed;
    std::string_view answer;  // "h1", "h2"; "": none
  };
  const Case cases[] = {
      {"auto", {"h2"}, true, "h2", "h2"},
      {"auto", {"http/1.1"}, false, "http/1.1", "h1"},
      {"auto", {"http/1.1", "h2"}, true, "h2", "h2"},
      {"auto", {"spdy/3", "http/1.1"}, false, "http/1.1", "h1"},
      {"auto", {}, true, "", "h2"},
      {"auto", {}, false, "", "h1"},
      {"http1", {"h2", "http/1.1"}, false, "http/1.1", "h1"},
      {"http1", {}, false, "", "h1"},
      {"http2", {"h2"}, true, "h2", "h2"},
      {"http2", {}, true, "", "h2"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.protocol);
    CAPTURE(each.agreed);
    CAPTURE(each.sends_h2);
    InboundRig rig("protocol: " + std::string(each.protocol));
    TlsClient client(rig, workloads().cart, each.offers);
    REQUIRE(client.tls().done());
    CHECK(client.tls().alpn() == each.agreed);
    client.send(each.sends_h2 ? h2_get() : std::string(kLoop));
    const std::string got = client.take();
    if (each.answer == "h1") {
      CHECK(got.starts_with("HTTP/1.1 508 "));
    } else {
      CHECK(frames(got).starts_with("4"));  // SETTINGS come first
    }
  }
}

TEST_CASE("arrival: a client that offers nothing we speak gets the alert") {
  for (const std::string_view protocol : {"auto", "http1", "http2"}) {
    CAPTURE(protocol);
    InboundRig rig("protocol: " + std::string(protocol));
    TlsClient client(rig, workloads().cart, {protocol == "http1" ? "h2" : "spdy/3"});
    CHECK(client.tls().alert_received == 120);  // no_application_protocol
    REQUIRE(rig.failure);
    CHECK(rig.failure->kind == TlsError::Kind::kProtocol);
    CHECK_FALSE(rig.connected());
  }
}

TEST_CASE("arrival: a client without a certificate is refused, also where plaintext is let in") {
  for (const std::string_view mtls : {"mtls: strict", "mtls: permissive"}) {
    CAPTURE(mtls);
    InboundRig rig(mtls);
    TlsClient client(rig, Issued{}, {"http/1.1"});
    REQUIRE(rig.failure);
    CHECK(rig.failure->kind == TlsError::Kind::kCertificate);
    CHECK_FALSE(rig.connected());
  }
}

TEST_CASE("arrival: the app is told who calls") {
  InboundRig rig;
  TlsClient client(rig);
  client.send(
      "GET /x HTTP/1.1\r\nhost: price\r\nx-forwarded-client-cert: URI=spiffe://a/b\r\n\r\n");
  REQUIRE(rig.dials() == 1);
  MemoryPeer& app = rig.app();
  const std::string hash =
      sure(read_svid_pem(workloads().cart.certificate, TlsSide::kClient)).sha256;
  CHECK(app.received().find("x-forwarded-client-cert: By=" + std::string(kPriceId) + ";Hash=" +
                            hash + ";URI=" + std::string(kCartId) + "\r\n") != std::string::npos);
  CHECK(app.received().find("spiffe://a/b") == std::string::npos);
  app.send(kOk);
  CHECK(client.take().ends_with("\r\n\r\nok"));
  CHECK_FALSE(client.ended());
}

TEST_CASE("arrival: plaintext under strict is told why not, and closed") {
  InboundRig rig;
  MemoryPeer& client = rig.client();
  client.send(std::string(kGet) + std::string(kGet));
  rig.world.turn();
  const std::string& got = client.received();
  CHECK(got.starts_with("HTTP/1.1 403 Forbidden\r\n"));
  CHECK(got.find("x-woad-error: mtls_required\r\n") != std::string::npos);
  CHECK(got.find("connection: close\r\n") != std::string::npos);
  CHECK(got.find("HTTP/1.1", 1) == std::string::npos);  // nothing is said to what comes behind
  CHECK(client.closed());
  CHECK(rig.dials() == 0);
  CHECK(rig.requests("mtls_required") == 1);
}

TEST_CASE("arrival: plaintext HTTP/2 under strict is told so and gets its GOAWAY") {
  InboundRig rig;
  MemoryPeer& client = rig.client();
  client.send(h2_get());
  rig.world.turn();
  const std::string types = frames(client.received());
  CHECK(types.starts_with("4"));
  CHECK(types.find('1') != std::string::npos);  // HEADERS: the answer
  CHECK(types.find('7') != std::string::npos);  // GOAWAY
  rig.world.pass(seconds(5));                   // the client says nothing to it
  CHECK(client.closed());
  CHECK(rig.dials() == 0);
  CHECK(rig.requests("mtls_required") == 1);
}

TEST_CASE("arrival: what is neither TLS nor HTTP is closed without a word") {
  for (const std::string_view mtls : {"mtls: strict", "mtls: permissive"}) {
    CAPTURE(mtls);
    InboundRig rig(mtls);
    MemoryPeer& client = rig.client();
    client.send(std::string_view("\0\1\2\3 nothing known\r\n\r\n", 20));
    rig.world.turn();
    CHECK(client.received().empty());
    CHECK(client.closed());
  }
}

TEST_CASE("arrival: a probe in plaintext reaches the app, and its connection ends with it") {
  InboundRig rig("mtls: strict, probe_paths: [/healthz]");
  MemoryPeer& client = rig.client();
  client.send(std::string(kProbe));
  rig.world.turn();
  REQUIRE(rig.dials() == 1);
  MemoryPeer& app = rig.app();
  CHECK(app.received().starts_with("GET /healthz HTTP/1.1\r\n"));
  CHECK(app.received().find("x-forwarded-client-cert") == std::string::npos);
  app.send(kOk);
  rig.world.turn();
  CHECK(client.received().starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.received().ends_with("ok"));
  CHECK(client.closed());
}

TEST_CASE("arrival: permissive lets both in, and keeps both") {
  InboundRig rig("mtls: permissive");
  MemoryPeer& plain = rig.client();
  TlsClient tls(rig);
  plain.send(std::string(kLoop));
  tls.send(kLoop);
  rig.world.turn();
  CHECK(plain.received().starts_with("HTTP/1.1 508 "));
  CHECK(tls.take().starts_with("HTTP/1.1 508 "));
  CHECK_FALSE(plain.closed());
  CHECK_FALSE(tls.ended());
}

TEST_CASE("rest: a plaintext client between requests is its socket alone, and goes on as before") {
  InboundRig rig("mtls: off");
  MemoryPeer& client = rig.client();
  client.may_rest = true;
  for (int request = 0; request < 3; ++request) {
    CAPTURE(request);
    rig.world.pass(seconds(1));
    CHECK(client.resting());
    CHECK_FALSE(rig.connected());
    client.send(kGet);
    rig.world.turn();
    CHECK(rig.connected());
    if (request == 0) (void)rig.app();
    REQUIRE(rig.dials() == 1);
    rig.world.dialer.peer(0).send(kOk);
    rig.world.turn();
    CHECK(client.take_received().ends_with("\r\n\r\nok"));
    CHECK_FALSE(client.resting());
  }
  CHECK(rig.requests("") == 3);
  rig.world.pass(minutes(4));
  CHECK_FALSE(client.closed());
  rig.world.pass(minutes(1));
  CHECK(client.closed());
  CHECK(client.saw_eof());
  CHECK_FALSE(client.was_reset());
}

TEST_CASE("rest: a head that comes by and by is not waited for longer than another's") {
  InboundRig rig("mtls: off");
  MemoryPeer& client = rig.client();
  client.may_rest = true;
  rig.world.pass(minutes(1));
  CHECK(client.resting());
  client.send("GET / HT");
  rig.world.pass(seconds(9));
  CHECK_FALSE(client.resting());
  CHECK(client.received().empty());
  rig.world.pass(seconds(2));
  CHECK(client.received().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("rest: a client that goes while it rests is gone") {
  InboundRig rig("mtls: off");
  MemoryPeer& client = rig.client();
  client.may_rest = true;
  rig.world.pass(seconds(1));
  CHECK(client.resting());
  client.send_eof();
  rig.world.turn();
  CHECK(client.closed());
  CHECK_FALSE(rig.connected());
}

TEST_CASE("rest: nobody rests whose connection has a state of its own, or who is to end") {
  struct Case {
    std::string_view what;
    std::string_view settings;
    bool draining;
    std::string_view sent;
  };
  const Case cases[] = {
      {"the process ends", "mtls: off", true, ""},
      {"its request runs", "mtls: off", false, kGet},
      {"opaque bytes", "mtls: off, protocol: tcp", false, "x"},
      {"HTTP/2", "mtls: off, protocol: http2", false, kHttp2Preface},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    InboundRig rig(each.settings);
    rig.is_draining = each.draining;
    MemoryPeer& client = rig.client();
    client.may_rest = true;
    client.send(each.sent);
    rig.world.turn();
    rig.world.pass(seconds(1));
    CHECK_FALSE(client.resting());
    CHECK(rig.connected());
  }
}

}  // namespace
