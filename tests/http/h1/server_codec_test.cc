#include "proxy/http/h1/server_codec.h"

#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

struct Case {
  std::string name;
  std::string input;
  std::vector<std::string> logs;
  bool stays_open = true;
};

#define H "Host: h\r\n"

const Case kCases[] = {
    {"plain", "GET /x?y=1 HTTP/1.1\r\n" H "A: b\r\n\r\n", {"GET /x?y=1 @h[A: b] | end"}},
    {"one empty line in front", "\r\nGET / HTTP/1.1\r\n" H "\r\n", {"GET / @h | end"}},
    {"unknown method", "QUERY / HTTP/1.1\r\n" H "\r\n", {"QUERY / @h | end"}},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H "\r\n", {"OPTIONS * @h | end"}},
    {"empty value",
     "GET / HTTP/1.1\r\n" H "A:\r\nB: \t c \t\r\n\r\n",
     {"GET / @h[A: ][B: c] | end"}},
    {"odd but legal paths",
     "GET /a//../%2e%00\\<> HTTP/1.1\r\n" H "\r\n",
     {"GET /a//../%2e%00\\<> @h | end"}},
    {"hosts", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", {"GET / @[::1]:80 | end"}},
    {"absolute target",
     "GET http://a:8/x?y HTTP/1.1\r\nHost: b\r\n\r\n",
     {"GET /x?y @a:8 scheme=http | end"}},
    {"absolute target without path",
     "GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n",
     {"GET / @a scheme=https | end"}},
    {"absolute target with query alone",
     "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n",
     {"GET /?q @a scheme=http | end"}},
    {"absolute OPTIONS",
     "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
     {"OPTIONS * @a scheme=http | end"}},
    {"1.0", "GET / HTTP/1.0\r\n\r\n", {"GET / @ 1.0 | end"}, false},
    {"1.0 with keep-alive",
     "GET / HTTP/1.0\r\nConnection: keep-alive\r\n" H "\r\n",
     {"GET / @h 1.0 | end"}},
    {"close", "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", {"GET / @h | end"}, false},
    {"content-length",
     "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc",
     {"POST / @h length=3 | abc | end"}},
    {"content-length with zeros",
     "POST / HTTP/1.1\r\n" H "Content-Length: 0003\r\n\r\nabc",
     {"POST / @h length=3 | abc | end"}},
    {"content-length 0",
     "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
     {"POST / @h length=0 | end"}},
    {"body that looks like a request",
     "POST / HTTP/1.1\r\n" H "Content-Length: 29\r\n\r\nGET /x HTTP/1.1\r\nHost: evil\r\n",
     {"POST / @h length=29 | GET /x HTTP/1.1\r\nHost: evil\r\n | end"}},
    {"chunked",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
     {"POST / @h | abc0123456789 | end"}},
    {"chunked, no data",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
     {"POST / @h | end"}},
    {"chunk extension",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
     "3;a=b\r\nabc\r\n0;z\r\n\r\n",
     {"POST / @h | abc | end"}},
    {"trailers",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
     "3\r\nabc\r\n0\r\nX-Sum: 1\r\nB:\r\n\r\n",
     {"POST / @h[Trailer: X-Sum] | abc | trailers[X-Sum: 1][B: ]"}},
    {"trailers that must not be",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
     "0\r\nHost: x\r\nContent-Length: 5\r\nAuthorization: a\r\n"
     "X-Woad-Color: red\r\nCookie: c\r\nOK: 1\r\n\r\n",
     {"POST / @h | trailers[OK: 1]"}},
    {"forbidden trailers alone",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
     "0\r\nHost: x\r\n\r\n",
     {"POST / @h | end"}},
    {"expect",
     "POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na",
     {"POST / @h length=1 expects-continue | a | end"}},
    {"expect without a body",
     "GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n",
     {"GET / @h | end"}},
    {"hop-by-hop fields",
     "GET / HTTP/1.1\r\n" H "Connection: keep-alive, x-hop\r\nX-Hop: 1\r\n"
     "Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nX-End: 2\r\n\r\n",
     {"GET / @h te-trailers[X-End: 2] | end"}},
    {"Connection may not name ours",
     "GET / HTTP/1.1\r\nConnection: x-woad-color, host, content-length, authorization, cookie, "
     "traceparent, x-request-id\r\n" H "X-Woad-Color: red\r\nAuthorization: a\r\nCookie: c\r\n"
     "traceparent: t\r\nX-Request-Id: r\r\n\r\n",
     {"GET / @h[X-Woad-Color: red][Authorization: a][Cookie: c][traceparent: t][X-Request-Id: r] | "
      "end"}},
    {"two in a row",
     "GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "\r\n",
     {"GET /1 @h | end", "GET /2 @h | end"}},
    {"three with bodies",
     "POST /1 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\naPOST /2 HTTP/1.1\r\n" H
     "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\nGET /3 HTTP/1.1\r\n" H "\r\n",
     {"POST /1 @h length=1 | a | end", "POST /2 @h | b | end", "GET /3 @h | end"}},
    {"nothing behind close",
     "GET /1 HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n" H "\r\n",
     {"GET /1 @h | end"},
     false},
};

void check(const Case& test, size_t piece) {
  CAPTURE(test.name);
  CAPTURE(piece);
  ServerHarness server;
  server.peer.send_in_pieces(test.input, piece);
  server.settle();
  REQUIRE(server.streams.size() == test.logs.size());
  for (size_t i = 0; i < test.logs.size(); ++i) {
    CHECK(server.streams[i]->log.text() == test.logs[i]);
    CHECK(server.streams[i]->bad_status == 0);
  }
  CHECK(server.done == !test.stays_open);
  CHECK(!server.peer.reading_held());
  for (const uint64_t count : server.hostile) CHECK(count == 0);
}

}  // namespace

TEST_CASE("requests, whole and in pieces") {
  for (const Case& test : kCases) {
    check(test, test.input.size());
    check(test, 1);
    check(test, 5);
  }
}

TEST_CASE("pipelined requests wait for the present one") {
  ServerHarness server({}, false);
  server.peer.send("GET /1 HTTP/1.1\r\n" H "\r\n");
  CHECK(!server.peer.reading_held());
  server.peer.send("GET /2 HTTP/1.1\r\n" H "\r\nGET /3");
  CHECK(server.peer.held(Hold::kPipeline));
  server.peer.send(" HTTP/1.1\r\n" H "\r\n");
  CHECK(server.peer.unread() > 0);
  CHECK(server.streams.size() == 1);
  server.last().answer(200, "one");
  CHECK(server.streams.size() == 1);  // never from inside a writer call
  server.settle();
  REQUIRE(server.streams.size() == 2);
  server.last().answer(200, "two");
  server.settle();
  REQUIRE(server.streams.size() == 3);
  CHECK(!server.peer.reading_held());
  CHECK(server.last().log.text() == "GET /3 @h | end");
  CHECK(server.peer.received() ==
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none"
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo");
}

TEST_CASE("a request and its response cost one flush and no hold") {
  ServerHarness server;
  for (int i = 1; i <= 3; ++i) {
    server.peer.send("GET /abc HTTP/1.1\r\n" H "\r\n");
    server.end_turn();
    CHECK(server.peer.flushes() == i);
  }
  CHECK(server.peer.hold_changes() == 0);
}

TEST_CASE("a stream that is slow holds reading, and release lets go") {
  ServerHarness server({}, false);
  server.peer.send("POST / HTTP/1.1\r\n" H "Content-Length: 6\r\n\r\nab");
  server.last().writer->hold_reading(true);
  server.last().writer->hold_reading(true);
  server.peer.send("cd");
  CHECK(server.last().log.open_body() == "ab");
  server.last().writer->hold_reading(false);
  server.peer.pump();
  CHECK(server.last().log.open_body() == "abcd");
  CHECK(server.peer.hold_changes() == 2);
  server.last().writer->hold_reading(true);
  server.last().answer(200, "x");
  CHECK(server.done);  // the body was not read to its end
}

TEST_CASE("a slow client stops the writer, and tells when there is room") {
  HttpLimits limits;
  limits.buffer = 1000;
  ServerHarness server(limits, false);
  server.peer.send("GET / HTTP/1.1\r\n" H "\r\n");
  server.peer.accept(0);
  ResponseHead head(server.last().place());
  server.last().writer->write_head(head, false, false);
  server.last().write(std::string(70000, 'x'), false);
  CHECK(!server.last().writer->writable());
  server.end_turn();
  CHECK(server.last().writables == 0);
  server.peer.accept(SIZE_MAX);
  CHECK(server.last().writables == 1);
  CHECK(server.last().writer->writable());
}

TEST_CASE("the end of input") {
  SUBCASE("idle: the connection ends") {
    ServerHarness server;
    server.peer.send_eof();
    CHECK(server.done);
    CHECK(server.streams.empty());
  }
  SUBCASE("within a head: the connection ends without a word") {
    ServerHarness server;
    server.peer.send("GET / HT");
    server.peer.send_eof();
    CHECK(server.done);
    CHECK(server.streams.empty());
  }
  SUBCASE("within a body: the stream is reset") {
    ServerHarness server;
    server.peer.send("POST / HTTP/1.1\r\n" H "Content-Length: 6\r\n\r\nab");
    server.peer.send_eof();
    CHECK(server.last().was_reset);
    CHECK(server.done);
  }
  SUBCASE("behind a request: it is answered, then the connection ends") {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.1\r\n" H "\r\n");
    server.peer.send_eof();
    CHECK(!server.done);
    server.last().answer(200, "x");
    server.settle();
    CHECK(server.done);
    CHECK(server.peer.received().find("connection: close") != std::string::npos);
  }
  SUBCASE("behind pipelined requests: all are answered") {
    ServerHarness server;
    server.peer.send("GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "\r\n");
    server.peer.send_eof();
    server.settle();
    CHECK(server.streams.size() == 2);
    CHECK(server.done);
  }
}

TEST_CASE("a lost connection resets the stream and needs nothing more of the transport") {
  ServerHarness server;
  server.peer.send("POST / HTTP/1.1\r\n" H "Content-Length: 6\r\n\r\nab");
  server.peer.lose();
  CHECK(server.last().log.text() ==
        "POST / @h length=6 | ab | reset(connection lost: connection reset by peer)");
  CHECK(server.done);
  ServerHarness quiet;
  quiet.peer.lose();
  CHECK(quiet.done);
}

TEST_CASE("draining") {
  SUBCASE("an idle connection ends at once") {
    ServerHarness server;
    server.codec->begin_drain();
    CHECK(server.done);
  }
  SUBCASE("the present request is answered with close") {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.1\r\n" H "\r\n");
    server.codec->begin_drain();
    CHECK(!server.done);
    CHECK(server.codec->active_streams() == 1);
    server.last().answer(200, "x");
    CHECK(server.done);
    server.settle();
    CHECK(server.peer.received() ==
          "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx");
  }
  SUBCASE("a head under way is served") {
    ServerHarness server;
    server.peer.send("GET / HTTP/1.1\r\n");
    server.codec->begin_drain();
    CHECK(!server.done);
    server.peer.send(H "\r\n");
    server.settle();
    CHECK(server.streams.size() == 1);
    CHECK(server.done);
  }
}
