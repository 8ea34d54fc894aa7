// Sizes, counts and times of requests.
#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

HttpLimits small() {
  HttpLimits limits;
  limits.header_bytes = 1000;
  limits.header_count = 5;
  limits.target_bytes = 100;
  return limits;
}

std::string fields(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "A: b\r\n";
  return text;
}

}  // namespace

TEST_CASE("sizes and counts") {
  const std::string host = "Host: h\r\n";
  const struct {
    std::string name;
    std::string input;
    int status;  // 0: passes
  } kCases[] = {
      {"target at the limit", "GET /" + std::string(99, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 0},
      {"target over it", "GET /" + std::string(100, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"target without end", "GET /" + std::string(5000, 'a'), 414},
      {"absolute target over it",
       "GET http://h/" + std::string(95, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"fields at the limit", "GET / HTTP/1.1\r\n" + host + fields(4) + "\r\n", 0},
      {"fields over it", "GET / HTTP/1.1\r\n" + host + fields(5) + "\r\n", 431},
      {"a long field", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(1000, 'b') + "\r\n\r\n",
       431},
      {"a field without end", "GET / HTTP/1.1\r\n" + host + "A: " + std::string(5000, 'b'), 431},
      {"method without end", std::string(5000, 'G'), 414},
      {"a long method", std::string(40, 'G') + " / HTTP/1.1\r\n" + host + "\r\n", 501},
  };
  for (const auto& test : kCases) {
    for (const size_t piece : {size_t{1}, size_t{33}, size_t{10000}}) {
      CAPTURE(test.name);
      CAPTURE(piece);
      ServerHarness server(small());
      server.peer.send_in_pieces(test.input, piece);
      server.settle();
      REQUIRE(server.streams.size() == 1);
      CHECK(server.last().bad_status == test.status);
      CHECK(server.done == (test.status != 0));
      if (test.status == 414) CHECK(server.count(Hostile::kTarget) == 1);
      if (test.status == 431) CHECK(server.count(Hostile::kHeadersTooLarge) == 1);
    }
  }
}

TEST_CASE("a refused head shows what could be read of it") {
  ServerHarness server(small());
  server.peer.send("PUT /x HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'b'));
  REQUIRE(server.last().head != nullptr);
  CHECK(server.last().head->method == Method::kPut);
  CHECK(server.last().head->path == "/x");
}

TEST_CASE("the whole head must come within header_timeout of its first byte") {
  ServerHarness server;
  server.peer.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    server.advance(seconds(1));
    server.peer.send("A: b\r\n");
  }
  CHECK(server.streams.empty());
  server.advance(seconds(2));
  REQUIRE(server.streams.size() == 1);
  CHECK(server.last().bad_status == 408);
  CHECK(server.count(Hostile::kHeaderTimeout) == 1);
  CHECK(server.done);
  CHECK(server.peer.received().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_CASE("a head in time is served, and its timer is forgotten") {
  ServerHarness server;
  server.peer.send("GET / HTTP/1.1\r\n");
  server.advance(seconds(9));
  server.peer.send("Host: h\r\n\r\n");
  server.settle();
  CHECK(server.streams.size() == 1);
  server.advance(seconds(60));
  CHECK(!server.done);
  server.advance(minutes(5));
  CHECK(server.done);
}

TEST_CASE("an idle connection ends after idle_timeout, counted from the last response") {
  ServerHarness server;
  server.advance(minutes(4));
  server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  server.settle();
  server.advance(minutes(4));
  CHECK(!server.done);
  server.advance(minutes(1) + seconds(1));
  CHECK(server.done);
  CHECK(server.streams.size() == 1);
}

TEST_CASE("a running request is no idle connection") {
  ServerHarness server({}, false);
  server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  server.advance(hours(1));
  CHECK(!server.done);
  server.last().answer(200, "x");
  server.advance(minutes(4));
  CHECK(!server.done);
  server.advance(minutes(2));
  CHECK(server.done);
}

TEST_CASE("a connection is quiet when nothing came for a while, and nothing is kept of it") {
  struct Case {
    std::string_view sent;
    bool answers;
    bool quiet;
  };
  const Case cases[] = {
      {"", true, true},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true, true},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", false, false},          // its answer is to come
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HT", true, false},  // half a head
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", false, false},
      {"G", true, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.sent);
    ServerHarness server({}, each.answers);
    server.peer.send(each.sent);
    server.settle();
    server.advance(ServerConnection::kQuiet - milliseconds(2));
    CHECK(!server.quiet_until);
    server.advance(milliseconds(4));
    CHECK(server.quiet_until.has_value() == each.quiet);
  }
}

TEST_CASE("quiet is counted from the last answer, and told with the end of the wait") {
  HttpLimits limits;
  limits.idle_timeout = seconds(10);
  ServerHarness server(limits);
  for (int i = 0; i < 20; ++i) {
    server.advance(ServerConnection::kQuiet - milliseconds(2));
    server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.settle();
  }
  CHECK(!server.quiet_until);
  const MonoTime answered = server.scheduler.now();
  server.advance(seconds(1));
  REQUIRE(server.quiet_until);
  CHECK(*server.quiet_until == answered + limits.idle_timeout);
  server.advance(seconds(8));
  CHECK(!server.done);  // nobody took it to rest
  server.advance(seconds(2));
  CHECK(server.done);
}

TEST_CASE("new limits hold for an open connection") {
  ServerHarness server;
  HttpLimits limits;
  limits.idle_timeout = seconds(1);
  server.codec->set_limits(limits);
  server.advance(seconds(2));
  CHECK(server.done);
}

TEST_CASE("a connection is small") { CHECK(sizeof(H1ServerCodec) <= 512); }
