#include "proxy/http/detect.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("the protocol by the first bytes") {
  const std::string preface(kHttp2Preface);
  CHECK(detect_protocol("") == Detected::kNeedMore);
  for (size_t i = 1; i < preface.size(); ++i) {
    CHECK(detect_protocol(preface.substr(0, i)) == Detected::kNeedMore);
    std::string other = preface.substr(0, i);
    other.back() = static_cast<char>(other.back() + 1);
    CHECK(detect_protocol(other) == Detected::kHttp1);
  }
  CHECK(detect_protocol("INVALID CONNECTION PREFACE\r\n\r\n") == Detected::kNeither);
  CHECK(detect_protocol("GET / HTTP/1.1\r\n\r\n") == Detected::kHttp1);
  CHECK(detect_protocol("GET /\r\n\r\n") == Detected::kHttp1);
  CHECK(detect_protocol("GET / HTTP/1.1\nHost: svc\r\n") == Detected::kHttp1);
  CHECK(detect_protocol("GET /x RTSP/1.0\r\n") == Detected::kHttp1);
  CHECK(detect_protocol(preface) == Detected::kHttp2);
  CHECK(detect_protocol(preface + "more") == Detected::kHttp2);
  CHECK(detect_protocol("GET / HTTP/1.1\r\n") == Detected::kHttp1);
  CHECK(detect_protocol("PUT / HTTP/1.1\r\n") == Detected::kHttp1);
  CHECK(detect_protocol("\r\nGET / HTTP/1.1\r\n") == Detected::kHttp1);
  for (const char* binary : {"\x80\x2e\x01", "\x17\x03\x03", "\x01", "\x7f", "\xff", "\t"}) {
    CHECK(detect_protocol(binary) == Detected::kNeither);
  }
  CHECK(detect_protocol("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n") == Detected::kHttp1);
}

TEST_CASE("the protocol by the first bytes, where any may come") {
  struct Case {
    std::string_view first;
    Detected protocol;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"", Detected::kNeedMore},
      {kHttp2Preface, Detected::kHttp2},
      {kHttp2Preface.substr(0, 5), Detected::kNeedMore},
      {"G", Detected::kNeedMore},
      {"GET", Detected::kNeedMore},
      {"GET / HTTP/1.1", Detected::kNeedMore},
      {"GET / HTTP/1.1\r", Detected::kHttp1},
      {"GET / HTTP/1.1\r\n", Detected::kHttp1},
      {"GET / HTTP/1.0\n", Detected::kHttp1},
      {"GET http://price/ HTTP/1.1\r\n", Detected::kHttp1},
      {"CONNECT price:80 HTTP/1.1\r\n", Detected::kHttp1},
      {"M-SEARCH * HTTP/1.1\r\n", Detected::kHttp1},
      // Refused by the codec, in the language of who speaks so.
      {"GET / HTTP/9.9\r\n", Detected::kHttp1},
      {"GET /a b HTTP/1.1\r\n", Detected::kHttp1},
      {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", Detected::kHttp1},
      {"\r", Detected::kNeedMore},
      {"\r\n", Detected::kNeedMore},
      {"\r\nGET / HTTP/1.1\r\n", Detected::kHttp1},
      {"\r\n\r\nGET / HTTP/1.1\r\n", Detected::kNeither},
      {"GET /\r\n", Detected::kNeither},
      {"GET /x RTSP/1.0\r\n", Detected::kNeither},
      {"*1\r\n$4\r\nPING\r\n", Detected::kNeither},  // Redis
      {"PING\r\n", Detected::kNeither},              // Redis, inline
      {"get key\r\n", Detected::kNeither},           // memcached
      {"SSH-2.0-OpenSSH_9.2\r\n", Detected::kNeither},
      {"EHLO me\r\n", Detected::kNeither},
      {"{\"a\"", Detected::kNeither},
      {" GET / HTTP/1.1\r\n", Detected::kNeither},
      {"\x16\x03\x01", Detected::kNeither},          // TLS
      {"\0\0\0\x08\x04\xd2"sv, Detected::kNeither},  // PostgreSQL
      {"\x10\x0e\0\x04MQTT"sv, Detected::kNeither},
  };
  for (const Case& each : cases) {
    CAPTURE(each.first);
    CHECK(detect_among_any(each.first) == each.protocol);
  }
  CHECK(detect_among_any(std::string(20'000, 'a')) == Detected::kNeither);
  CHECK(detect_among_any("GET /" + std::string(20'000, 'a')) == Detected::kHttp1);
}
