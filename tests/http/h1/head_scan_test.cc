#include "proxy/http/h1/head_scan.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;
using namespace woad::h1;
using State = HeadScan::State;
using Kind = HeadScan::Kind;

TEST_CASE("a head ends at its empty line, however it arrives") {
  const std::string head = "GET /x HTTP/1.0\r\nHost: h\r\nA: b\r\n\r\n";
  const std::string all = head + "body\r\n\r\n";
  for (size_t step = 1; step <= all.size(); ++step) {
    HeadScan scan(Kind::kRequest);
    size_t have = 0;
    State state = State::kIncomplete;
    while (state == State::kIncomplete && have < all.size()) {
      have = std::min(have + step, all.size());
      const std::string moved(all.substr(0, have));  // another place each time
      state = scan.scan(moved, {});
    }
    CHECK(state == State::kComplete);
    CHECK(scan.size() == head.size());
    CHECK(scan.method(all) == "GET");
    CHECK(scan.target(all) == "/x");
    CHECK(scan.minor() == 0);
  }
}

TEST_CASE("trailer sections have no start line") {
  HeadScan scan(Kind::kTrailers);
  CHECK(scan.scan("\r\n", {}) == State::kComplete);
  CHECK(scan.size() == 2);
  scan.reset();
  CHECK(scan.scan("A: b\r\nC:", {}) == State::kIncomplete);
  CHECK(scan.scan("A: b\r\nC: d\r\n\r\n", {}) == State::kComplete);
  scan.reset();
  CHECK(scan.scan(" A: b\r\n\r\n", {}) == State::kBad);
  scan.reset();
  CHECK(scan.scan("A: b\n\r\n", {}) == State::kBad);
}

TEST_CASE("status lines") {
  const struct {
    const char* line;
    State state;
  } kCases[] = {
      {"HTTP/1.1 200 OK", State::kComplete}, {"HTTP/1.0 599 ", State::kComplete},
      {"HTTP/1.1 200", State::kComplete},    {"HTTP/1.1 2000", State::kBad},
      {"HTTP/1.1  200 OK", State::kBad},     {"HTTP/1.1 6xx X", State::kBad},
      {"HTTP/1.1 20 OK", State::kBad},       {"HTTP/1.1", State::kBad},
      {"HTTP/3.0 200 OK", State::kBad},      {"ICY 200 OK", State::kBad},
      {"HTTP/1.1\t200 OK", State::kBad},     {"HTTP/1.1 200OK", State::kBad},
  };
  for (const auto& test : kCases) {
    CAPTURE(test.line);
    HeadScan scan(Kind::kResponse);
    CHECK(scan.scan(std::string(test.line) + "\r\n\r\n", {}) == test.state);
  }
}

TEST_CASE("limits are kept to the byte") {
  HttpLimits limits;
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  limits.header_bytes = head.size();
  HeadScan fits(Kind::kRequest);
  CHECK(fits.scan(head + "more", limits) == State::kComplete);
  limits.header_bytes = head.size() - 1;
  HeadScan over(Kind::kRequest);
  CHECK(over.scan(head, limits) == State::kBad);
  CHECK(over.fault().status == 431);
  CHECK(over.fault().code == ErrorCode::kHeadersTooLarge);
}
