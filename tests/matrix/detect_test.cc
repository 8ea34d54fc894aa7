// How a client connection finds out what is spoken on it, and how long that may take.
#include <doctest/doctest.h>

#include "proxy/http/detect.h"
#include "tests/matrix/mesh.h"

using namespace woad;
using namespace woad::test;

namespace {

const Column kColumn{"h1-h1 plain", Protocol::kHttp11, Protocol::kHttp11};
constexpr std::string_view kRequest =
    "POST /x HTTP/1.1\r\nhost: nowhere\r\ncontent-length: 0\r\n\r\n";

TEST_CASE("detect: by the first bytes, in whatever pieces they come") {
  for (const size_t piece : {1u, 2u, 5u, 23u, 24u, 100u}) {
    CAPTURE(piece);
    Mesh mesh(kColumn);
    MemoryPeer& old = mesh.raw_client();
    old.send_in_pieces(kRequest, piece);
    mesh.run();
    CHECK(old.received().starts_with("HTTP/1.1 404 Not Found\r\n"));
    MemoryPeer& h2 = mesh.raw_client();
    h2.send_in_pieces(kHttp2Preface, piece);
    mesh.run();
    // A SETTINGS frame on stream 0 (RFC 9113 section 3.4).
    REQUIRE(h2.received().size() >= 9);
    CHECK(h2.received()[3] == 4);
  }
}

TEST_CASE("detect: almost a preface is HTTP/1") {
  for (const std::string_view almost :
       {"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", "PRI * HTTP/1.1\r\n\r\n", "PUT", "PRX"}) {
    CAPTURE(almost);
    CHECK(detect_protocol(almost) == Detected::kHttp1);
  }
  CHECK(detect_protocol("\x16\x03\x01") == Detected::kNeither);  // TLS where none is expected
  for (size_t size = 0; size < kHttp2Preface.size(); ++size) {
    CHECK(detect_protocol(kHttp2Preface.substr(0, size)) == Detected::kNeedMore);
  }
}

TEST_CASE("detect: much that comes behind a short beginning is read whole") {
  Mesh mesh(kColumn);
  mesh.handler = [](Served& served) {
    served.on_end = [](Served& whole) {
      whole.answer({.body = std::to_string(whole.log.body.size())});
    };
  };
  MemoryPeer& client = mesh.raw_client();
  client.send("P");
  const std::string body(100'000, 'x');
  client.send("OST / HTTP/1.1\r\nhost: up\r\ncontent-length: 100000\r\n\r\n" + body);
  mesh.run();
  client.pump();
  mesh.run();
  CHECK(client.received().find("100000") != std::string::npos);
}

TEST_CASE("detect: a client that says nothing is kept for limits.idle_timeout") {
  Mesh mesh(kColumn, "{ idle_timeout: 1m, header_timeout: 5s }");
  MemoryPeer& silent = mesh.raw_client();
  mesh.pass(seconds(59));
  CHECK_FALSE(silent.closed());
  mesh.pass(seconds(2));
  CHECK(silent.closed());
}

TEST_CASE("detect: limits.header_timeout runs from the first byte and is never restarted") {
  Mesh mesh(kColumn, "{ header_timeout: 5s }");
  MemoryPeer& slow = mesh.raw_client();
  for (int i = 0; i < 4; ++i) {
    slow.send(kHttp2Preface.substr(static_cast<size_t>(i), 1));
    mesh.pass(seconds(1));
  }
  CHECK_FALSE(slow.closed());
  slow.send(kHttp2Preface.substr(4, 1));
  mesh.pass(seconds(2));
  CHECK(slow.closed());
}

TEST_CASE("detect: a client that leaves early") {
  Mesh mesh(kColumn);
  MemoryPeer& fin = mesh.raw_client();
  fin.send("PRI");
  fin.send_eof();
  MemoryPeer& rst = mesh.raw_client();
  rst.lose();
  mesh.run();
  CHECK(fin.closed());
  CHECK(rst.closed());
}

}  // namespace
