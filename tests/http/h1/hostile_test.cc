// Requests that must not pass, whole and split at every byte: what is answered, that the connection
// ends, and that nothing behind them is taken for a request.
#include <doctest/doctest.h>

#include "tests/http/h1/harness.h"

using namespace woad;
using namespace woad::h1::testing;

namespace {

struct Case {
  std::string name;
  std::string_view input;
  int status;
  Hostile kind;
};

#define H "Host: h\r\n"
constexpr auto kHead = Hostile::kMalformedHead;
constexpr auto kFraming = Hostile::kFraming;
constexpr auto kHost = Hostile::kHost;
constexpr auto kTarget = Hostile::kTarget;

using namespace std::string_view_literals;

const Case kCases[] = {
    {"no version", "GET /x\r\n" H "\r\n"sv, 400, kHead},
    {"HTTP/2.0", "GET /x HTTP/2.0\r\n" H "\r\n"sv, 505, kHead},
    {"HTTP/0.9", "GET /x HTTP/0.9\r\n" H "\r\n"sv, 505, kHead},
    {"HTTP/1.2", "GET /x HTTP/1.2\r\n" H "\r\n"sv, 505, kHead},
    {"HTTP/1.10", "GET /x HTTP/1.10\r\n" H "\r\n"sv, 400, kHead},
    {"http/1.1", "GET /x http/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"RTSP/1.0", "GET /x RTSP/1.0\r\n" H "\r\n"sv, 400, kHead},
    {"bytes behind the version", "GET /x HTTP/1.1x\r\n" H "\r\n"sv, 400, kHead},
    {"space behind the version", "GET /x HTTP/1.1 \r\n" H "\r\n"sv, 400, kHead},
    {"LF after the request line", "GET /x HTTP/1.1\n" H "\r\n"sv, 400, kHead},
    {"LF as the empty line", "GET /x HTTP/1.1\r\n" H "\n"sv, 400, kHead},
    {"LF between fields", "GET /x HTTP/1.1\r\nA: b\n" H "\r\n"sv, 400, kHead},
    {"LF LF", "GET /x HTTP/1.1\r\nHost: h\n\n"sv, 400, kHead},
    {"CR in front", "\rGET /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"LF in front", "\nGET /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"two empty lines in front", "\r\n\r\nGET /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"two spaces before the target", "GET  /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"two spaces before the version", "GET /x  HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"tab before the target", "GET\t/x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"space in front", " GET /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"bare CR in the target", "GET /x\ry HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"bare CR between fields", "GET /x HTTP/1.1\r\nA: b\rHost: h\r\n\r\n"sv, 400, kHead},
    {"CR CR LF", "GET /x HTTP/1.1\r\nHost: h\r\r\n\r\n"sv, 400, kHead},
    {"CR CR LF as the empty line", "GET /x HTTP/1.1\r\n" H "\r\r\n"sv, 400, kHead},
    {"8-bit in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"FF in the target", "GET /\xff HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"NUL in the target", "GET /\0 HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"DEL in the target", "GET /\x7f HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"fragment", "GET /x#y HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"star with GET", "GET * HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"no slash", "GET x HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"http:///x", "GET http:///x HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"userinfo", "GET http://u@h/ HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"ftp", "GET ftp://h/ HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"file", "GET file:///etc/passwd HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"CONNECT without a port", "CONNECT h HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to an empty port", "CONNECT h: HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to port 0", "CONNECT h:0 HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to a large port", "CONNECT h:65536 HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to nobody", "CONNECT :1 HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to a path", "CONNECT / HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to a path, HTTP/1.0", "CONNECT / HTTP/1.0\r\n\r\n"sv, 400, kHost},
    {"CONNECT to *", "CONNECT * HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to a URL", "CONNECT http://h:1/ HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT with a user", "CONNECT u@h:1 HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to a bare IPv6 address", "CONNECT ::1:1 HTTP/1.1\r\n" H "\r\n"sv, 400, kHost},
    {"CONNECT to an IPv6 address without a port", "CONNECT [::1] HTTP/1.1\r\n" H "\r\n"sv, 400,
     kHost},
    {"CONNECT with a length", "CONNECT h:1 HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc"sv, 400,
     kFraming},
    {"CONNECT with chunks",
     "CONNECT h:1 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400, kFraming},
    {"CONNECT without Host", "CONNECT h:1 HTTP/1.1\r\n\r\n"sv, 400, kHost},
    {"CONNECT with a bad Host", "CONNECT h:1 HTTP/1.1\r\nHost: a b\r\n\r\n"sv, 400, kHost},
    {"method with a separator", "G=T /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"8-bit in the method", "G\xc3\xa9T /x HTTP/1.1\r\n" H "\r\n"sv, 400, kHead},
    {"method of the preface", "PRI /x HTTP/1.1\r\n" H "\r\n"sv, 501, kHead},
    {"lower-case connect", "connect h:443 HTTP/1.1\r\n" H "\r\n"sv, 400, kTarget},
    {"preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505, kHead},
    {"space before the colon", "GET /x HTTP/1.1\r\n" H "A : b\r\n\r\n"sv, 400, kHead},
    {"tab before the colon", "GET /x HTTP/1.1\r\n" H "A\t: b\r\n\r\n"sv, 400, kHead},
    {"space in a name", "GET /x HTTP/1.1\r\n" H "A b: c\r\n\r\n"sv, 400, kHead},
    {"empty name", "GET /x HTTP/1.1\r\n" H ": v\r\n\r\n"sv, 400, kHead},
    {"no colon", "GET /x HTTP/1.1\r\n" H "abc\r\n\r\n"sv, 400, kHead},
    {"NUL in a name", "GET /x HTTP/1.1\r\n" H "a\0b: c\r\n\r\n"sv, 400, kHead},
    {"8-bit in a name", "GET /x HTTP/1.1\r\n" H "a\xe9: c\r\n\r\n"sv, 400, kHead},
    {"delimiter in a name", "GET /x HTTP/1.1\r\n" H "a(b: c\r\n\r\n"sv, 400, kHead},
    {"NUL in a value", "GET /x HTTP/1.1\r\n" H "A: b\0c\r\n\r\n"sv, 400, kHead},
    {"control in a value", "GET /x HTTP/1.1\r\n" H "A: b\x01\r\n\r\n"sv, 400, kHead},
    {"DEL in a value", "GET /x HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n"sv, 400, kHead},
    {"obs-fold", "GET /x HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n"sv, 400, kHead},
    {"obs-fold by tab", "GET /x HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n"sv, 400, kHead},
    {"folded first field", "GET /x HTTP/1.1\r\n " H "\r\n"sv, 400, kHead},
    {"folded Host", "GET /x HTTP/1.1\r\nHost:\r\n h\r\n\r\n"sv, 400, kHead},
    {"folded Transfer-Encoding",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"sv, 400, kHead},
    {"no Host", "GET /x HTTP/1.1\r\n\r\n"sv, 400, kHost},
    {"two Hosts", "GET /x HTTP/1.1\r\n" H "Host: h\r\n\r\n"sv, 400, kHost},
    {"two Hosts in 1.0", "GET /x HTTP/1.0\r\n" H "Host: i\r\n\r\n"sv, 400, kHost},
    {"empty Host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n"sv, 400, kHost},
    {"Host with userinfo", "GET /x HTTP/1.1\r\nHost: u@h\r\n\r\n"sv, 400, kHost},
    {"Host with a slash", "GET /x HTTP/1.1\r\nHost: h/x\r\n\r\n"sv, 400, kHost},
    {"Host with a space", "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n"sv, 400, kHost},
    {"Host list", "GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"sv, 400, kHost},
    {"Host with a bad port", "GET /x HTTP/1.1\r\nHost: h:8x\r\n\r\n"sv, 400, kHost},
    {"Host with a large port", "GET /x HTTP/1.1\r\nHost: h:65536\r\n\r\n"sv, 400, kHost},
    {"absolute target, bad Host", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"sv, 400, kHost},
    {"absolute target, no Host", "GET http://a/ HTTP/1.1\r\n\r\n"sv, 400, kHost},
    {"CL.TE",
     "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n"sv,
     400, kFraming},
    {"TE.CL",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
     "0\r\n\r\n"sv,
     400, kFraming},
    {"CL and empty TE",
     "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding:\r\n\r\n"
     "abcd"sv,
     400, kFraming},
    {"empty TE", "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"sv, 400, kFraming},
    {"TE identity", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"sv, 501, kFraming},
    {"TE xchunked", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"sv, 501, kFraming},
    {"TE gzip, chunked",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"
     "0\r\n\r\n"sv,
     501, kFraming},
    {"TE ,chunked",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: ,chunked\r\n\r\n"
     "0\r\n\r\n"sv,
     501, kFraming},
    {"TE chunked, identity",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n"
     "0\r\n\r\n"sv,
     400, kFraming},
    {"TE chunked, chunked",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"
     "0\r\n\r\n"sv,
     400, kFraming},
    {"two TEs",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
     400, kFraming},
    {"TE in quotes",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n"
     "0\r\n\r\n"sv,
     501, kFraming},
    {"TE with a parameter",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;a=b\r\n\r\n"
     "0\r\n\r\n"sv,
     501, kFraming},
    {"TE in 1.0",
     "POST / HTTP/1.0\r\n" H "Connection: keep-alive\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
     400, kFraming},
    {"same CL twice",
     "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"
     "abc"sv,
     400, kFraming},
    {"different CLs",
     "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"
     "abc"sv,
     400, kFraming},
    {"CL list", "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc"sv, 400, kFraming},
    {"CL +5", "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\nabcde"sv, 400, kFraming},
    {"CL -5", "POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\nabcde"sv, 400, kFraming},
    {"CL 0x5", "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\nabcde"sv, 400, kFraming},
    {"CL 5.0", "POST / HTTP/1.1\r\n" H "Content-Length: 5.0\r\n\r\nabcde"sv, 400, kFraming},
    {"CL empty", "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"sv, 400, kFraming},
    {"CL 2^63", "POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n"sv, 400,
     kFraming},
    {"CL 2^64 + 5", "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n\r\n"sv, 400,
     kFraming},
    {"Expect something else",
     "POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n"
     "a"sv,
     417, kHead},
    {"Expect twice",
     "POST / HTTP/1.1\r\n" H "Expect: x\r\nExpect: 100-continue\r\n"
     "Content-Length: 1\r\n\r\na"sv,
     417, kHead},
    {"underscore twin of ours", "GET / HTTP/1.1\r\n" H "x_woad_color: red\r\n\r\n"sv, 400, kHead},
    {"half a twin", "GET / HTTP/1.1\r\n" H "X-Woad_Color: red\r\n\r\n"sv, 400, kHead},
    {"underscore twin of framing", "GET / HTTP/1.1\r\n" H "Content_Length: 5\r\n\r\n"sv, 400,
     kHead},
};

// Chunks of one byte, each with an extension.
std::string flood(const std::string& extension) {
  std::string body;
  for (int i = 0; i < 60; ++i) body += "1" + extension + "\r\nx\r\n";
  return body + "0\r\n\r\n";
}

void check(const Case& test, size_t piece) {
  CAPTURE(test.name);
  CAPTURE(piece);
  ServerHarness server;
  server.peer.send_in_pieces(test.input, piece);
  server.peer.send("GET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n");
  server.settle();
  REQUIRE(server.streams.size() == 1);
  CHECK(server.last().bad_status == test.status);
  CHECK(server.last().log.text() == "");
  CHECK(!server.last().details.empty());
  CHECK(server.done);
  CHECK(server.peer.closed());
  const std::string& out = server.peer.received();
  CHECK(out.starts_with("HTTP/1.1 " + std::to_string(test.status)));
  CHECK(out.find("connection: close") != std::string::npos);
  CHECK(out.find("HTTP/1.1", 1) == std::string::npos);
  for (int kind = 0; kind < kHostileCount; ++kind) {
    CHECK(server.hostile[kind] == (kind == static_cast<int>(test.kind) ? 1 : 0));
  }
}

}  // namespace

TEST_CASE("hostile requests are refused and end the connection") {
  for (const Case& test : kCases) check(test, test.input.size());
}

TEST_CASE("hostile requests are refused however they are split") {
  for (const Case& test : kCases) check(test, 1);
  for (const Case& test : kCases) check(test, 7);
}

TEST_CASE("hostile bodies are handed up for their answer, 400, and end the connection") {
  const std::string_view head = "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n";
  const struct {
    std::string name;
    std::string body;
  } kBodies[] = {
      {"size 0x5", "0x5\r\nabcde\r\n0\r\n\r\n"},
      {"size +5", "+5\r\nabcde\r\n0\r\n\r\n"},
      {"size -5", "-5\r\nabcde\r\n0\r\n\r\n"},
      {"size 5g", "5g\r\nabcde\r\n0\r\n\r\n"},
      {"size '5 5'", "5 5\r\nabcde\r\n0\r\n\r\n"},
      {"size empty", "\r\nabcde\r\n0\r\n\r\n"},
      {"size of 17 digits", "10000000000000005\r\nabcde\r\n0\r\n\r\n"},
      {"size FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF\r\nabcde\r\n0\r\n\r\n"},
      {"size 8000000000000005", "8000000000000005\r\nabcde\r\n0\r\n\r\n"},
      {"space after the size", "5 \r\nabcde\r\n0\r\n\r\n"},
      {"LF after the size", "5\nabcde\r\n0\r\n\r\n"},
      {"bare CR after the size", "5\rXabcde\r\n0\r\n\r\n"},
      {"data ends with other bytes", "5\r\nabcdeXX0\r\n\r\n"},
      {"data ends with LF", "5\r\nabcde\n0\r\n\r\n"},
      {"last chunk ends with CR CR", "0\r\n\r\r\n\r\n"},
      {"last chunk ends with other bytes",
       "0\r\nX"
       "\r\n\r\n"},
      {"tab after the size", "5\t\r\nabcde\r\n0\r\n\r\n"},
      {"space after the last size", "5\r\nabcde\r\n0 \r\n\r\n"},
      {"space after an extension", "5;a \r\nabcde\r\n0\r\n\r\n"},
      {"space before the size", " 5\r\nabcde\r\n0\r\n\r\n"},
      {"extension without name", "5;\r\nabcde\r\n0\r\n\r\n"},
      {"extension without name before another", "5;;a\r\nabcde\r\n0\r\n\r\n"},
      {"extension without value", "5;a=\r\nabcde\r\n0\r\n\r\n"},
      {"extension with an empty name", "5;=b\r\nabcde\r\n0\r\n\r\n"},
      {"extension with two values", "5;a=b=c\r\nabcde\r\n0\r\n\r\n"},
      {"extension with a comma", "5;a=b,c\r\nabcde\r\n0\r\n\r\n"},
      {"extension of two words", "5;a b\r\nabcde\r\n0\r\n\r\n"},
      {"extension with LF", "5;a\nabcde\r\n0\r\n\r\n"},
      {"extension with a bare CR", "5;a\rb\r\nabcde\r\n0\r\n\r\n"},
      {"extension with NUL", std::string("5;a\0\r\nabcde\r\n0\r\n\r\n", 19)},
      {"quoted LF", "5;a=\"\n\"\r\nabcde\r\n0\r\n\r\n"},
      {"quoted CR LF", "5;a=\"\r\n\"\r\nabcde\r\n0\r\n\r\n"},
      {"escaped CR LF", "5;a=\"\\\r\n\"\r\nabcde\r\n0\r\n\r\n"},
      {"quoted DEL", "5;a=\"\x7f\"\r\nabcde\r\n0\r\n\r\n"},
      {"quotes without end", "5;a=\"b\r\nabcde\r\n0\r\n\r\n"},
      {"bytes behind quotes", "5;a=\"b\"c\r\nabcde\r\n0\r\n\r\n"},
      {"last chunk's quotes without end", "0;a=\"b\r\n\r\n"},
      {"an extension a chunk, without end of them", flood(";" + std::string(99, 'a'))},
      {"leading zeros without end", std::string(5000, '0') + "5\r\nabcde\r\n0\r\n\r\n"},
      {"extension of 5 KiB", "5;" + std::string(5120, 'a') + "\r\nabcde\r\n0\r\n\r\n"},
      {"trailer with bare LF", "0\r\nA: b\n\r\n"},
      {"folded trailer", "0\r\nA: b\r\n c\r\n\r\n"},
      {"trailer without name", "0\r\n: b\r\n\r\n"},
      {"trailer with a space before the colon", "0\r\nA : b\r\n\r\n"},
      {"trailer with NUL", std::string("0\r\nA: b\0\r\n\r\n", 12)},
      {"trailers over the limit", "0\r\nA: " + std::string(70000, 'a') + "\r\n\r\n"},
  };
  for (const auto& test : kBodies) {
    for (const size_t piece : {size_t{1}, size_t{100000}}) {
      if (piece == 1 && test.body.size() > 10000) continue;
      CAPTURE(test.name);
      CAPTURE(piece);
      ServerHarness server;
      server.peer.send(head);
      server.peer.send_in_pieces(test.body, piece);
      server.peer.send("GET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n");
      server.settle();
      REQUIRE(server.streams.size() == 1);
      CHECK_FALSE(server.last().was_reset);
      CHECK(server.last().log.text().find("bad body") != std::string::npos);
      CHECK_FALSE(server.last().details.empty());
      CHECK(server.count(Hostile::kFraming) == 1);
      CHECK(server.peer.closed());
      const std::string answer = server.peer.received();
      CHECK(answer.starts_with("HTTP/1.1 400 "));
      CHECK(answer.find("connection: close\r\n") != std::string::npos);
    }
  }
}
