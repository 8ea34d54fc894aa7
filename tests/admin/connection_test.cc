#include "proxy/admin/connection.h"

#include "tests/admin/harness.h"

namespace woad {
namespace {

using Harness = AdminHarness;

constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST_CASE("one request after the other on one connection") {
  Harness harness;
  for (int i = 0; i < 3; ++i) {
    const std::string answer = harness.send(kHealth);
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("cache-control: no-store\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nok\n"));
  }
  const std::string two = harness.send(std::string(kHealth) + std::string(kHealth));
  CHECK(two.find("ok\nHTTP/1.1 200 ") != std::string::npos);
  CHECK_FALSE(harness.ended());
}

TEST_CASE("HEAD has no body, a closing client gets its answer") {
  Harness harness;
  const std::string answer =
      harness.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.find("content-length: 3\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  harness.scheduler.end_turn();
  CHECK(harness.ended());
}

TEST_CASE("a body is thrown away, one that is too long ends the connection") {
  Harness harness;
  std::string answer = harness.send(
      "POST /log?level=info HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
  CHECK(answer.empty());
  CHECK(harness.backend.log_level.empty());
  answer = harness.send("cde");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(harness.backend.log_level == "info");

  answer = harness.send(
      "POST /log?level=debug HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n" +
      std::string(70'000, 'x'));
  CHECK(answer.starts_with("HTTP/1.1 413 "));
  CHECK(harness.backend.log_level == "info");
  harness.scheduler.end_turn();
  CHECK(harness.ended());
}

TEST_CASE("chunked bodies with trailers are taken") {
  Harness harness;
  const std::string answer = harness.send(
      "POST /log?level=info HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\na\r\n0\r\nx-t: 1\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("an answer that comes later") {
  Harness harness;
  harness.backend.wait = true;
  CHECK(harness.send("GET /services HTTP/1.1\r\nHost: localhost\r\n\r\n").empty());
  harness.backend.run_pending();
  harness.scheduler.end_turn();
  CHECK(harness.peer.take_received().starts_with("HTTP/1.1 200 "));

  // The client goes, then the answer comes.
  CHECK(harness.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").empty());
  harness.peer.lose();
  harness.scheduler.end_turn();
  CHECK(harness.ended());
  harness.backend.run_pending();
}

TEST_CASE("a broken request is answered and counted") {
  Harness harness;
  CHECK(harness.send("GET /healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
  harness.scheduler.end_turn();
  CHECK(harness.ended());
}

TEST_CASE("drain ends an idle connection at once and a busy one with its answer") {
  Harness idle;
  idle.send(kHealth);
  idle.connection().drain();
  idle.scheduler.end_turn();
  CHECK(idle.ended());

  Harness busy;
  busy.backend.wait = true;
  busy.send("GET /services HTTP/1.1\r\nHost: localhost\r\n\r\n");
  busy.connection().drain();
  busy.scheduler.end_turn();
  CHECK_FALSE(busy.ended());
  busy.backend.run_pending();
  busy.scheduler.end_turn();
  CHECK(busy.peer.take_received().starts_with("HTTP/1.1 200 "));
  CHECK(busy.ended());
}

TEST_CASE("the process ends while an answer is due") {
  Harness harness;
  harness.backend.wait = true;
  CHECK(harness.send("GET /services HTTP/1.1\r\nHost: localhost\r\n\r\n").empty());
  harness.end_process();
  CHECK(harness.peer.closed());
  harness.backend.run_pending();
  CHECK(harness.peer.take_received().empty());
}

TEST_CASE("the scope of the address holds") {
  Harness harness(AdminScope::kProbes);
  CHECK(harness.send("GET /healthz HTTP/1.1\r\nHost: any\r\n\r\n").starts_with("HTTP/1.1 200 "));
  CHECK(harness.send("GET /config HTTP/1.1\r\nHost: any\r\n\r\n").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("an idle connection is closed after a minute") {
  Harness harness;
  harness.send(kHealth);
  harness.scheduler.advance(MonoTime(seconds(1059)));
  harness.scheduler.end_turn();
  CHECK_FALSE(harness.ended());
  harness.scheduler.advance(MonoTime(seconds(1062)));
  harness.scheduler.end_turn();
  CHECK(harness.ended());
}

}  // namespace
}  // namespace woad
