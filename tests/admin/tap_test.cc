#include "proxy/admin/tap.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/admin/harness.h"

namespace woad {
namespace {

using Json = nlohmann::json;

std::string get(std::string_view target, std::string_view method = "GET") {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

// A client that taps, and workers that the test plays.
class Tapped {
 public:
  explicit Tapped(std::string_view target = "/tap") : head(harness.send(get(target))) {}

  void offer(std::string_view color = "red", std::string_view line = "{}") {
    AccessRecord record;
    record.color = color;
    record.response_code = 200;
    hub().offer(record, harness.scheduler.now(), [&] { return std::string(line) + "\n"; });
  }
  // The control loop's part: what the client got, as lines.
  std::vector<std::string> lines() {
    hub().notify();
    return lines_of(harness.turn());
  }
  // Undoes the chunks.
  static std::vector<std::string> lines_of(std::string wire) {
    std::string body;
    while (!wire.empty()) {
      size_t used = 0;
      const size_t size = std::stoul(wire, &used, 16);
      body += wire.substr(used + 2, size);
      wire.erase(0, used + 2 + size + 2);
    }
    std::vector<std::string> lines;
    for (size_t at = 0; at < body.size();) {
      const size_t end = body.find('\n', at);
      REQUIRE(end != std::string::npos);
      lines.push_back(body.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  TapHub& hub() { return harness.backend.hub; }

  AdminHarness harness;
  const std::string head;
};

using Lines = std::vector<std::string>;

TEST_CASE("tap: questions") {
  const struct {
    const char* query;
    TapFilter filter;
    uint64_t limit;
  } good[] = {
      {"", {}, 0},
      {"&&", {}, 0},
      {"color=&tenant=&service=&path=&status=&limit=", {}, 0},
      {"color", {}, 0},
      {"color=RED.Alice", {.color = "red.alice"}, 0},
      {"color=base&limit=7", {.color = "base"}, 7},
      {"tenant=acme", {.tenant = "acme"}, 0},
      {"service=price%2Fv2", {.service = "price/v2"}, 0},
      {"path=/a%20b+c", {.path = "/a b c"}, 0},
      {"status=503", {.lowest_status = 503, .highest_status = 503}, 0},
      {"status=5xx", {.lowest_status = 500, .highest_status = 599}, 0},
      {"status=2XX", {.lowest_status = 200, .highest_status = 299}, 0},
      {"status=0", {.lowest_status = 0, .highest_status = 0}, 0},
      {"limit=0", {}, 0},
      {"limit=18446744073709551615", {}, UINT64_MAX},
      {"c%6Flor=red", {.color = "red"}, 0},
  };
  for (const auto& each : good) {
    CAPTURE(each.query);
    const auto question = read_tap_question(each.query);
    REQUIRE(question);
    CHECK(question->filter.color == each.filter.color);
    CHECK(question->filter.tenant == each.filter.tenant);
    CHECK(question->filter.service == each.filter.service);
    CHECK(question->filter.path == each.filter.path);
    CHECK(question->filter.lowest_status == each.filter.lowest_status);
    CHECK(question->filter.highest_status == each.filter.highest_status);
    CHECK(question->limit == each.limit);
  }
}

TEST_CASE("tap: wrong questions get a sentence that lists what there is") {
  const struct {
    const char* query;
    const char* says;
  } bad[] = {
      {"colour=red", "\"colour\" is unknown; there are color="},
      {"=red", "one of the parameters is unknown"},
      {"%1b[31m=red", "one of the parameters is unknown"},
      {"color=red&color=red", "color is given twice"},
      {"color=&color=red", "color is given twice"},
      {"color=r%20d", "color is not a color"},
      {"tenant=_", "tenant is not a tenant"},
      {"path=price", "path does not begin with /"},
      {"path=/a%3Fb=c", "path has no query"},
      {"status=99", "status is not a status"},
      {"status=600", "status is not a status"},
      {"status=6xx", "status is not a status"},
      {"status=0xx", "status is not a status"},
      {"status=xx", "status is not a status"},
      {"status=5x", "status is not a status"},
      {"status=xxx", "status is not a status"},
      {"status=-1", "status is not a status"},
      {"limit=-1", "limit is not a number"},
      {"limit=ten", "limit is not a number"},
      {"limit=18446744073709551616", "limit is not a number"},
  };
  for (const auto& each : bad) {
    CAPTURE(each.query);
    const auto question = read_tap_question(each.query);
    REQUIRE_FALSE(question);
    const std::string& says = question.error().message;
    CAPTURE(says);
    CHECK(says.starts_with(each.says));
    CHECK(says.find("status=<503 or 5xx>") != std::string::npos);
    CHECK(says.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("tap: one line each, as they come") {
  Tapped tap;
  CHECK(tap.head.starts_with("HTTP/1.1 200 "));
  CHECK(tap.head.find("content-type: application/x-ndjson\r\n") != std::string::npos);
  CHECK(tap.head.find("transfer-encoding: chunked\r\n") != std::string::npos);
  CHECK(tap.head.ends_with("\r\n\r\n"));
  CHECK(tap.lines().empty());
  tap.offer("red", "one");
  tap.offer("blue", "two");
  CHECK(tap.lines() == Lines{"one", "two"});
  tap.offer("red", "three");
  CHECK(tap.lines() == Lines{"three"});
  CHECK(tap.harness.backend.wakes == 2);
}

TEST_CASE("tap: the filter is that of the query") {
  Tapped tap("/tap?color=blue&status=2xx");
  tap.offer("red", "one");
  tap.offer("blue", "two");
  CHECK(tap.lines() == Lines{"two"});
}

TEST_CASE("tap: the limit ends the answer, and the connection") {
  Tapped tap("/tap?limit=2");
  for (const char* line : {"one", "two", "three"}) tap.offer("red", line);
  tap.hub().notify();
  const std::string wire = tap.harness.turn();
  CHECK(wire.ends_with("\r\n0\r\n\r\n"));
  CHECK(Tapped::lines_of(wire) == Lines{"one", "two"});
  CHECK(tap.harness.ended());
  CHECK_FALSE(tap.hub().tapped());
}

TEST_CASE("tap: whoever goes frees everything") {
  SUBCASE("with a reset") {
    Tapped tap;
    tap.harness.peer.lose();
    tap.harness.turn();
    CHECK(tap.harness.ended());
    CHECK_FALSE(tap.hub().tapped());
  }
  SUBCASE("with a FIN, which ends the body well") {
    Tapped tap;
    tap.harness.peer.send_eof();
    CHECK(tap.harness.turn() == "0\r\n\r\n");
    CHECK(tap.harness.ended());
    CHECK_FALSE(tap.hub().tapped());
  }
  SUBCASE("with a FIN behind bytes that nobody will read") {
    Tapped tap(std::string("/tap HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz"));
    tap.harness.send(get("/healthz"));
    tap.harness.peer.send_eof();
    tap.harness.turn();
    CHECK(tap.harness.ended());
    CHECK_FALSE(tap.hub().tapped());
  }
  SUBCASE("while lines wait for it") {
    Tapped tap;
    tap.harness.peer.accept(0);
    for (int i = 0; i < 500; ++i) tap.offer("red", std::string(1000, 'x'));
    CHECK(tap.lines().empty());
    tap.harness.peer.lose();
    tap.harness.turn();
    CHECK_FALSE(tap.hub().tapped());
  }
}

TEST_CASE("tap: the end of the process ends the body well") {
  Tapped tap;
  tap.harness.end_process();
  CHECK(tap.harness.peer.take_received() == "0\r\n\r\n");
  CHECK(tap.harness.peer.saw_eof());
  CHECK_FALSE(tap.hub().tapped());
}

TEST_CASE("tap: HEAD shows the head and holds nothing, HTTP/1.0 gets lines without chunks") {
  AdminHarness head;
  const std::string answer = head.send(get("/tap", "HEAD"));
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.find("content-type: application/x-ndjson\r\n") != std::string::npos);
  CHECK(answer.find("content-length") == std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK_FALSE(head.backend.hub.tapped());
  CHECK(head.send(get("/healthz")).ends_with("ok\n"));

  Tapped old("/tap HTTP/1.0\r\nx-rest:");
  CHECK(old.head.find("chunked") == std::string::npos);
  old.offer("red", "one");
  old.hub().notify();
  CHECK(old.harness.turn() == "one\n");
}

TEST_CASE("tap: the fifth is refused until one goes") {
  AdminHarness harness;
  std::vector<std::unique_ptr<TapReader>> others;
  for (size_t i = 0; i < TapHub::kMaxTaps; ++i) others.push_back(harness.backend.hub.open({}, 0));
  const std::string refused = harness.send(get("/tap"));
  CHECK(refused.starts_with("HTTP/1.1 503 "));
  CHECK(refused.find("4 taps are open") != std::string::npos);
  CHECK(harness.send(get("/tap", "HEAD")).starts_with("HTTP/1.1 503 "));
  others.pop_back();
  CHECK(harness.send(get("/tap")).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("tap: a client that does not read costs a bounded number of lines") {
  Tapped tap;
  tap.harness.peer.accept(0);
  const std::string line(1000, 'x');
  constexpr size_t kOffered = 900;
  for (size_t i = 0; i < kOffered; ++i) {
    tap.offer("red", line);
    CHECK(tap.lines().empty());
  }
  // Woken while the client had room, and then no more.
  CHECK(tap.harness.backend.wakes < 100);
  tap.harness.peer.accept(SIZE_MAX);
  Lines got = Tapped::lines_of(tap.harness.turn());
  REQUIRE(got.size() > 1);
  uint64_t dropped = 0;
  size_t lines = 0;
  for (const std::string& each : got) {
    if (each == line) {
      ++lines;
    } else {
      dropped += Json::parse(each).at("dropped").get<uint64_t>();
    }
  }
  CHECK(lines + dropped == kOffered);
  // The queue, and what the transport held above its high water.
  CHECK(lines * line.size() < Tap::kMaxWaiting + 128 * 1024);
  CHECK(lines * line.size() > Tap::kMaxWaiting);
  tap.offer("red", "again");
  CHECK(tap.lines() == Lines{"again"});
}

TEST_CASE("tap: dropped lines are told of at most once a second") {
  Tapped tap;
  const auto flood = [&](int more) {
    for (int i = 0; i < more; ++i) tap.offer();
  };
  flood(Tap::kLinesPerSecond + 5);
  Lines got = tap.lines();
  CHECK(got.size() == size_t{Tap::kLinesPerSecond} + 1);
  CHECK(got.back() == R"({"dropped":5})");
  flood(3);
  CHECK(tap.lines().empty());
  tap.harness.pass(milliseconds(900));
  flood(1000);
  got = tap.lines();
  CHECK(got == Lines(900, "{}"));
  // Nothing more happens, and still it is told.
  tap.harness.pass(milliseconds(99));
  CHECK(tap.harness.turn().empty());
  tap.harness.pass(milliseconds(2));
  CHECK(Tapped::lines_of(tap.harness.turn()) == Lines{R"({"dropped":103})"});
  tap.harness.pass(seconds(5));
  CHECK(tap.harness.turn().empty());
}

}  // namespace
}  // namespace woad
