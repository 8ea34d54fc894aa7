// What the server codec writes for a response, and what becomes of the connection.
#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

struct Case {
  std::string name;
  std::string request;
  int status;
  std::optional<uint64_t> length;
  std::vector<std::string> pieces;  // of the body; none: write_head ends the response
  std::string expected;
  bool stays_open = true;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kOld = "GET / HTTP/1.0\r\n\r\n";
const std::string kOldKeep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

const Case kCases[] = {
    {"no body", kGet, 200, {}, {}, "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 0\r\n\r\n"},
    {"declared length",
     kGet,
     200,
     3,
     {"a", "bc"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\r\nabc"},
    {"chunked",
     kGet,
     200,
     {},
     {"a", "0123456789abcdef"},
     "HTTP/1.1 200 OK\r\nA: b\r\ntransfer-encoding: chunked\r\n\r\n"
     "1\r\na\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"},
    {"chunked, nothing in it",
     kGet,
     200,
     {},
     {""},
     "HTTP/1.1 200 OK\r\nA: b\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"status without a name",
     kGet,
     299,
     0,
     {},
     "HTTP/1.1 299 \r\nA: b\r\ncontent-length: 0\r\n\r\n"},
    {"204", kGet, 204, {}, {}, "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"},
    {"204 drops a body", kGet, 204, 3, {"abc"}, "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"},
    {"304", kGet, 304, {}, {}, "HTTP/1.1 304 Not Modified\r\nA: b\r\n\r\n"},
    {"304 keeps the length",
     kGet,
     304,
     7,
     {},
     "HTTP/1.1 304 Not Modified\r\nA: b\r\ncontent-length: 7\r\n\r\n"},
    {"304 to HEAD",
     kHead,
     304,
     7,
     {"abc"},
     "HTTP/1.1 304 Not Modified\r\nA: b\r\ncontent-length: 7\r\n\r\n"},
    {"a method that is not HEAD",
     "head / HTTP/1.1\r\nHost: h\r\n\r\n",
     200,
     3,
     {"abc"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\r\nabc"},
    {"HEAD keeps the length",
     kHead,
     200,
     7,
     {},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 7\r\n\r\n"},
    {"HEAD drops the body", kHead, 200, {}, {"abc"}, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
    {"1.0 closes",
     kOld,
     200,
     1,
     {"a"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 1\r\nconnection: close\r\n\r\na",
     false},
    {"1.0 stays if asked",
     kOldKeep,
     200,
     1,
     {"a"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na"},
    {"1.0 gets no chunks",
     kOldKeep,
     200,
     {},
     {"a", "b"},
     "HTTP/1.1 200 OK\r\nA: b\r\nconnection: close\r\n\r\nab",
     false},
    {"less than declared",
     kGet,
     200,
     5,
     {"ab"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 5\r\n\r\nab",
     false},
    {"more than declared",
     kGet,
     200,
     1,
     {"abc"},
     "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 1\r\n\r\na",
     false},
};

}  // namespace

TEST_CASE("framing of responses") {
  for (const Case& test : kCases) {
    CAPTURE(test.name);
    ServerHarness server({}, false);
    server.peer.send(test.request);
    ServerStream& stream = server.last();
    ResponseHead head(stream.place());
    head.status = test.status;
    head.content_length = test.length;
    head.headers.add("A", "b");
    stream.writer->write_head(head, test.pieces.empty(), false);
    for (size_t i = 0; i < test.pieces.size(); ++i) {
      stream.write(test.pieces[i], i + 1 == test.pieces.size());
    }
    stream.release();
    server.settle();
    CHECK(server.peer.received() == test.expected);
    CHECK(server.done == !test.stays_open);
  }
}

TEST_CASE("a large body leaves in the blocks it came in") {
  ServerHarness server({}, false);
  server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ResponseHead head(server.last().place());
  server.last().writer->write_head(head, false, false);
  server.last().write(std::string(10000, 'x'), false);
  server.last().write("", true);
  server.last().release();
  server.settle();
  CHECK(server.peer.received() == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2710\r\n" +
                                      std::string(10000, 'x') + "\r\n0\r\n\r\n");
}

TEST_CASE("trailers go with chunks alone") {
  for (const bool chunked : {true, false}) {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ServerStream& stream = server.last();
    ResponseHead head(stream.place());
    if (!chunked) head.content_length = 1;
    stream.writer->write_head(head, false, false);
    stream.write("a", false);
    Headers trailers(stream.place());
    trailers.add("X-Sum", "1");
    stream.writer->write_trailers(trailers);
    stream.release();
    server.settle();
    CHECK(server.peer.received() ==
          (chunked ? "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                     "X-Sum: 1\r\n\r\n"
                   : "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na"));
    CHECK(!server.done);
  }
}

TEST_CASE("interim responses reach 1.1 clients only") {
  for (const bool old : {false, true}) {
    ServerHarness server({}, false);
    server.peer.send(old ? "GET / HTTP/1.0\r\n\r\n" : "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ResponseHead hints(server.last().place());
    hints.status = 103;
    hints.headers.add("Link", "</x>");
    server.last().writer->write_interim(hints);
    server.last().answer(200, "a");
    server.settle();
    CHECK(server.peer.received().starts_with(
              "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n") == !old);
  }
}

TEST_CASE("a response that overtakes the request's body ends the connection") {
  ServerHarness server({}, false);
  server.peer.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n");
  server.last().answer(403, "no");
  CHECK(server.done);
  server.peer.send("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
  server.settle();
  CHECK(server.streams.size() == 1);
  CHECK(server.peer.received() ==
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
}

TEST_CASE("an expected 100 is the exchange's to send") {
  ServerHarness server({}, false);
  server.peer.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  server.end_turn();
  CHECK(server.peer.received().empty());
  ResponseHead go_on(server.last().place());
  go_on.status = 100;
  server.last().writer->write_interim(go_on);
  server.end_turn();
  CHECK(server.peer.take_received() == "HTTP/1.1 100 Continue\r\n\r\n");
  server.peer.send("ab");
  server.last().answer(200, "ok");
  server.settle();
  CHECK(server.peer.received() == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  CHECK(!server.done);
}

TEST_CASE("an unfinished response is cut so that the client sees it") {
  SUBCASE("nothing written: closed") {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server.last().release();
    server.settle();
    CHECK(server.peer.received().empty());
    CHECK(server.peer.closed());
    CHECK(!server.peer.was_reset());
  }
  SUBCASE("chunked: no last chunk") {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ResponseHead head(server.last().place());
    server.last().writer->write_head(head, false, false);
    server.last().write("abc", false);
    server.last().release(ResetReason::kInternal);
    server.settle();
    CHECK(server.peer.received().ends_with("\r\n\r\n3\r\nabc\r\n"));
    CHECK(server.peer.closed());
  }
  SUBCASE("until close: reset") {
    ServerHarness server({}, false);
    server.peer.send("GET / HTTP/1.0\r\n\r\n");
    ResponseHead head(server.last().place());
    server.last().writer->write_head(head, false, false);
    server.last().write("abc", false);
    server.last().release(ResetReason::kInternal);
    server.settle();
    CHECK(server.peer.was_reset());
  }
}

TEST_CASE("the exchange may ask for the end of the connection") {
  ServerHarness server({}, false);
  server.peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  server.last().answer(503, "x", true);
  server.settle();
  CHECK(server.done);
  CHECK(server.streams.size() == 1);
  CHECK(server.peer.received() ==
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 1\r\n"
        "connection: close\r\n\r\nx");
}
