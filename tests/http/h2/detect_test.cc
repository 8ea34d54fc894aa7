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
