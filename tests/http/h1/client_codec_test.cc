#include "proxy/http/h1/client_codec.h"

#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

struct Case {
  std::string name;
  std::string answer;
  std::string log;
  bool reusable = true;
  bool eof = false;  // the upstream closes after the answer
};

const Case kAnswers[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\nabc",
     "200 length=3[A: b] | abc | end"},
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 length=0 | end"},
    {"no reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", "404 length=0 | end"},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "200 | abc | end"},
    {"trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\ngrpc-status: 0\r\n"
     "Set-Cookie: x\r\n\r\n",
     "200 | a | trailers[grpc-status: 0]"},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", "204 | end"},
    {"204 with length 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204 | end"},
    {"204 with a length", "HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\n", "204 | end", false},
    {"204 with a body", "HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\nabc", "204 | end", false},
    {"204 chunked", "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "204 | end",
     false},
    {"204 with both",
     "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\nA: b\r\n\r\n",
     "204[A: b] | end", false},
    {"204 with a coding", "HTTP/1.1 204 X\r\nTransfer-Encoding: gzip\r\n\r\n", "204 | end", false},
    {"interim with a length",
     "HTTP/1.1 103 X\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "interim 103 | 200 length=1 | x | end", false},
    {"304 chunked", "HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n", "304 | end"},
    {"blanks before the colon",
     "HTTP/1.1 200 OK\r\nA : b\r\nC \t :d\r\nContent-Length\t: 3\r\n\r\nabc",
     "200 length=3[A: b][C: d] | abc | end"},
    {"blanks before the colon that frames",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\nA : b\r\n\r\n",
     "200 | abc | trailers[A: b]"},
    {"blanks behind chunk sizes",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n2 \t \r\nde\r\n0\t\r\n\r\n",
     "200 | abcde | end"},
    {"blanks behind extensions",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a \r\nabc\r\n0;b=\"c\" \r\n\r\n",
     "200 | abc | end"},
    {"304 with a length", "HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\n", "304 length=7 | end"},
    {"interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "interim 100 | interim 103[Link: a] | 200 length=1 | x | end"},
    {"close", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
     "200 length=1 | x | end", false},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 length=1 | x | end", false},
    {"1.0 keep-alive", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx",
     "200 length=1 | x | end"},
    {"until the end", "HTTP/1.1 200 OK\r\n\r\nabc", "200 | abc | end", false, true},
    {"hop-by-hop",
     "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
     "Proxy-Connection: x\r\nContent-Length: 0\r\n\r\n",
     "200 length=0 | end"},
    {"two answers in one", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
     "200 length=0 | end", false},
};

const std::string kBroken = "reset(protocol error";

const Case kHostile[] = {
    {"CL and TE", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
     kBroken},
    {"CL twice", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", kBroken},
    {"TE gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", kBroken},
    {"TE identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nx", kBroken},
    {"TE in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", kBroken},
    {"100 with a body", "HTTP/1.1 100 X\r\nContent-Length: 3\r\n\r\nabc\r\n", kBroken},
    {"LF status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", kBroken},
    {"status 20", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"status 099", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
     "reset(protocol error: status 099 is outside 100-599)"},
    {"status 000", "HTTP/1.1 000 OK\r\n\r\n",
     "reset(protocol error: status 000 is outside 100-599)"},
    {"status 600", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
     "reset(protocol error: status 600 is outside 100-599)"},
    {"status 999", "HTTP/1.1 999\r\nContent-Length: 0\r\n\r\n",
     "reset(protocol error: status 999 is outside 100-599)"},
    {"status 2000", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
     "reset(protocol error: the status is not a number of three digits)"},
    {"status 6xx", "HTTP/1.1 6xx OK\r\nContent-Length: 0\r\n\r\n",
     "reset(protocol error: the status is not a number of three digits)"},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", kBroken},
    {"obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"empty name", "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"space in a name", "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"blanks for a name", "HTTP/1.1 200 OK\r\n : b\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"blanks without a colon", "HTTP/1.1 200 OK\r\nA \r\nContent-Length: 0\r\n\r\n", kBroken},
    {"NUL in a value", std::string("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", 26), kBroken},
    {"bare CR in a value", "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", kBroken},
    {"chunk size behind a space",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", kBroken},
    {"chunk size and a number",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 3\r\nabc\r\n0\r\n\r\n", kBroken},
    {"chunk size, space, LF",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 \nabc\r\n0\r\n\r\n", kBroken},
    {"empty line in front", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", kBroken},
    {"large head", "HTTP/1.1 200 OK\r\nA: " + std::string(70000, 'b'), kBroken},
};

void check(const Case& test, size_t piece) {
  CAPTURE(test.name);
  CAPTURE(piece);
  ClientHarness client;
  ClientStream& stream = client.ask();
  client.peer.send_in_pieces(test.answer, piece);
  if (test.eof) client.peer.send_eof();
  client.settle();
  CHECK(stream.log.text() == test.log);
  CHECK(client.codec->room() == (test.reusable ? 1 : 0));
  CHECK(client.done == !test.reusable);
  if (test.reusable) CHECK(client.room_changes == 1);
}

}  // namespace

TEST_CASE("answers, whole and in pieces") {
  for (const Case& test : kAnswers) {
    check(test, test.answer.size());
    check(test, 1);
    check(test, 7);
  }
}

TEST_CASE("answers that break HTTP are never shown, and the connection ends") {
  for (const Case& test : kHostile) {
    for (const size_t piece : {size_t{3}, size_t{100000}}) {
      CAPTURE(test.name);
      CAPTURE(piece);
      ClientHarness client;
      ClientStream& stream = client.ask();
      client.peer.send_in_pieces(test.answer, piece);
      client.settle();
      CHECK(stream.log.text().find(test.log) != std::string::npos);
      CHECK(!stream.log.text().ends_with("| end"));
      CHECK(client.count(Hostile::kUpstreamResponse) >= 1);
      CHECK(client.done);
    }
  }
}

TEST_CASE("a limit that an answer breaks is named") {
  ClientHarness client;
  ClientStream& stream = client.ask();
  client.peer.send("HTTP/1.1 200 OK\r\nA: " + std::string(70000, 'b'));
  CHECK(stream.log.text() == "reset(protocol error: the head is larger than limits.headers.bytes)");
}

TEST_CASE("an upstream that speaks HTTP/2 is told apart, and the words say what to do") {
  const std::string settings("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15);
  const std::string goaway("\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1", 17);
  for (const std::string& frame : {settings, goaway, settings + goaway}) {
    for (const size_t piece : {frame.size(), size_t{1}, size_t{8}}) {
      ClientHarness client;
      ClientStream& stream = client.ask();
      client.peer.send_in_pieces(frame, piece);
      client.peer.send_eof();
      CHECK(stream.log.text() ==
            "reset(protocol error: the upstream answers in HTTP/2 and was asked in HTTP/1.1: let "
            "protocol (of an app: app_protocol) say http2)");
    }
  }
}

TEST_CASE("interim answers have an end") {
  ClientHarness client;
  ClientStream& stream = client.ask();
  for (int i = 0; i < 8; ++i) client.peer.send("HTTP/1.1 103 X\r\n\r\n");
  CHECK(!client.done);
  client.peer.send("HTTP/1.1 103 X\r\n\r\n");
  CHECK(client.done);
  CHECK(stream.log.text().ends_with(
      "reset(protocol error: the upstream sends interim responses without end)"));
}

TEST_CASE("an answer to HEAD has no body") {
  for (const char* head : {"Content-Length: 5", "Transfer-Encoding: chunked", "A: b"}) {
    ClientHarness client;
    ClientStream& stream = client.ask("HEAD");
    client.peer.send("HTTP/1.1 200 OK\r\n" + std::string(head) + "\r\n\r\n");
    CHECK(stream.log.text().ends_with("| end"));
    CHECK(client.codec->room() == 1);
  }
}

TEST_CASE("bytes that nobody asked for end the connection") {
  SUBCASE("idle") {
    ClientHarness client;
    client.peer.send("HTTP/1.1 408 X\r\n\r\n");
    CHECK(client.done);
    CHECK(client.count(Hostile::kUpstreamResponse) == 1);
  }
  SUBCASE("between answer and release") {
    ClientHarness client;
    ClientStream& stream = client.ask();
    stream.releases = false;
    client.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    client.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    CHECK(stream.log.text() == "200 length=0 | end");
    stream.release();
    CHECK(client.done);
  }
  SUBCASE("before the request was written") {
    ClientHarness client;
    ClientStream& stream = client.open();
    client.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(stream.log.text() == "reset(refused: the upstream answered before it was asked)");
    CHECK(client.done);
  }
}

TEST_CASE("the upstream goes") {
  const struct {
    std::string name;
    const char* before;
    const char* log;
  } kCases[] = {
      {"before its answer", "",
       "reset(connection lost: the upstream closed the connection before its response)"},
      {"within the head", "HTTP/1.1 200",
       "reset(connection lost: the upstream closed the connection within its response)"},
      {"within the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na",
       "200 length=3 | a | reset(connection lost: the upstream closed the connection within its "
       "response)"},
      {"within chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       "200 | abc | reset(connection lost: the upstream closed the connection within its "
       "response)"},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.name);
    ClientHarness client;
    ClientStream& stream = client.ask();
    client.peer.send(test.before);
    client.peer.send_eof();
    CHECK(stream.log.text() == test.log);
    CHECK(client.done);
  }
  ClientHarness idle;
  idle.peer.send_eof();
  CHECK(idle.done);
  ClientHarness lost;
  ClientStream& stream = lost.ask();
  lost.peer.lose("no route to host");
  CHECK(stream.log.text() == "reset(connection lost: no route to host)");
}

TEST_CASE("a response that is done before the request spoils the connection") {
  ClientHarness client;
  ClientStream& stream = client.open();
  stream.head.method = Method::kPost;
  stream.head.method_name = "POST";
  stream.head.authority = "up";
  stream.head.path = "/";
  stream.head.content_length = 10;
  stream.writer->write_head(stream.head, false);
  client.write(stream, "abc", false);
  client.settle();
  client.peer.send("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
  CHECK(stream.log.text() == "403 length=0 | end");
  CHECK(client.done);
}

TEST_CASE("releasing an unfinished stream ends the connection, an unused one keeps it") {
  ClientHarness client;
  ClientStream& unused = client.open();
  unused.release();
  CHECK(client.codec->room() == 1);
  ClientStream& stream = client.ask();
  stream.release();
  CHECK(client.codec->room() == 0);
  CHECK(client.done);
}

TEST_CASE("an end that crossed the request says that it never got there") {
  struct Row {
    std::string_view what;
    std::string_view heard;
    bool crossed;
    std::string_view reset;
  };
  for (const Row& row : {Row{"it was acknowledged", "", false, "before its response"},
                         Row{"it was not", "", true, "before the request got there"},
                         Row{"a head has begun", "HTTP/1", true, "within its response"},
                         Row{"an interim response came", "HTTP/1.1 100 Continue\r\n\r\n", true,
                             "before its response"}}) {
    CAPTURE(row.what);
    ClientHarness client;
    ClientStream& stream = client.ask("POST", "/");
    client.settle();
    client.peer.send(row.heard);
    client.peer.ended_before = row.crossed;
    client.peer.send_eof();
    const std::string log = stream.log.text();
    CHECK(log.find(row.reset) != std::string::npos);
    const bool never = row.reset == "before the request got there";
    CHECK((log.find("reset(refused") != std::string::npos) == never);
  }
}

TEST_CASE("what the kernel never took was not sent") {
  ClientHarness client;
  client.peer.accept(0);
  ClientStream& stream = client.ask("POST", "/");
  client.settle();
  CHECK_FALSE(stream.writer->anything_sent());
  client.peer.lose();
  CHECK(stream.log.text().starts_with("reset(connection lost"));
}

TEST_CASE("anything_sent turns true once the head's turn is over") {
  ClientHarness client;
  ClientStream& stream = client.open();
  stream.head.method_name = "GET";
  stream.head.path = "/";
  CHECK(!stream.writer->anything_sent());
  stream.writer->write_head(stream.head, true);
  CHECK(!stream.writer->anything_sent());
  client.settle();
  CHECK(stream.writer->anything_sent());
}

TEST_CASE("anything_heard turns true with the first byte of an answer, and is each stream's own") {
  for (const std::string_view heard : {"H", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CAPTURE(heard);
    ClientHarness client;
    ClientStream& stream = client.ask();
    client.settle();
    CHECK_FALSE(stream.writer->anything_heard());
    client.peer.send(heard);
    CHECK(stream.writer->anything_heard());
  }
  ClientHarness client;
  client.ask("GET", "/");
  client.peer.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  client.settle();
  CHECK_FALSE(client.ask("GET", "/").writer->anything_heard());
}

TEST_CASE("the connection is used again, one read and one flush a request") {
  ClientHarness client;
  for (int i = 1; i <= 3; ++i) {
    ClientStream& stream = client.ask("GET", "/x");
    CHECK(client.codec->room() == 0);
    CHECK(client.codec->active_streams() == 1);
    client.peer.send(
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=7, max=3\r\nContent-Length: 1\r\n\r\nx");
    CHECK(stream.log.text() == "200 length=1 | x | end");
    CHECK(client.peer.flushes() == i);
    CHECK(client.room_changes == i);
  }
  CHECK(client.codec->peer_idle_timeout() == seconds(7));
  CHECK(client.peer.hold_changes() == 0);
}

TEST_CASE("back-pressure both ways") {
  HttpLimits limits;
  limits.buffer = 100;
  ClientHarness client(limits);
  ClientStream& stream = client.open();
  stream.head.method = Method::kPut;
  stream.head.method_name = "PUT";
  stream.head.path = "/";
  client.peer.accept(0);
  stream.writer->write_head(stream.head, false);
  client.write(stream, std::string(2000, 'x'), false);
  client.settle();
  CHECK(!stream.writer->writable());
  client.peer.accept(SIZE_MAX);
  CHECK(stream.writables == 1);
  CHECK(stream.writer->writable());
  stream.writer->hold_reading(true);
  client.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(stream.log.text().empty());
  stream.writer->hold_reading(false);
  client.peer.pump();
  CHECK(stream.log.text() == "200 length=0 | end");
}

TEST_CASE("draining") {
  ClientHarness idle;
  idle.codec->begin_drain();
  CHECK(idle.done);
  ClientHarness busy;
  ClientStream& stream = busy.ask();
  busy.codec->begin_drain();
  CHECK(!busy.done);
  busy.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(stream.log.text() == "200 length=0 | end");
  CHECK(busy.done);
}
