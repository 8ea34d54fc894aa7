// What an exchange says at its end: to those who tap, and in the sentence of its record.
#include <nlohmann/json.hpp>

#include "tests/exchange/rig.h"

namespace woad::test {
namespace {

using Json = nlohmann::json;

class TappedRig {
 public:
  explicit TappedRig(TapFilter filter = {}) {
    rig.worker.taps = &hub;
    reader = hub.open(std::move(filter), 0);
  }
  // The lines so far.
  std::vector<Json> lines() {
    std::string text;
    (void)reader->read(text, SIZE_MAX);
    std::vector<Json> all;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      all.push_back(Json::parse(text.substr(at, end - at)));
      at = end + 1;
    }
    return all;
  }
  void answered() {
    rig.accept(0).send(answer("ok"));
    rig.finish();
  }

  TapHub hub{[] {}};
  ExchangeRig rig;
  std::unique_ptr<TapReader> reader;
};

TEST_CASE("taps: a request that ends is a line") {
  TappedRig tapped;
  tapped.rig.request("GET", "/a?token=s3cret&b=1", true,
                     {{"X-Woad-Color", "red"}, {"Authorization", "s3cret"}, {"Accept", "x"}});
  CHECK(tapped.lines().empty());
  tapped.answered();
  const auto lines = tapped.lines();
  REQUIRE(lines.size() == 1);
  const Json& line = lines[0];
  CHECK(line["direction"] == "outbound");
  CHECK(line["path"] == "/a");
  CHECK(line["color"] == "red");
  CHECK(line["response_code"] == 200);
  CHECK(line["bytes_sent"] == 2);
  CHECK(line["service"] == "price");
  CHECK(line["upstream_host"] == "127.0.0.1:9001");
  CHECK(line["peer"] == "10.0.0.9:5000");
  CHECK(line["request_headers"]["accept"] == "x");
  CHECK(line["request_headers"]["authorization"] == "[redacted]");
  CHECK(line["request_headers"]["x-woad-color"] == "red");
  CHECK(line.dump().find("s3cret") == std::string::npos);
}

TEST_CASE("taps: only what the filter wants, and nothing once the reader has gone") {
  TappedRig tapped({.color = "blue"});
  tapped.rig.request("GET", "/", true, {{"x-woad-color", "red"}});
  tapped.answered();
  CHECK(tapped.lines().empty());
  tapped.reader.reset();
  CHECK_FALSE(tapped.hub.tapped());
}

TEST_CASE("taps: refused and broken requests are lines too, with the ids of their heads") {
  TappedRig tapped;
  ExchangeRig& rig = tapped.rig;
  rig.request("GET", "/", true, {}, "nobody");
  rig.finish();
  rig.exchange.reset(new (rig.worker.blocks.pieces()) Exchange(
      rig.owner(), rig.worker, rig.view, rig.snapshot->listeners[0], rig.caller, rig.client));
  auto* head = rig.sink().arena().make<RequestHead>(rig.sink().arena());
  TestRequest::fill(*head, "GET", "/x y", "price",
                    {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                     {"x-request-id", "id-1"}});
  rig.client = ClientWriter();
  rig.sink().on_bad_request(*head, {.code = ErrorCode::kBadRequest, .details = "a blank"});
  rig.finish();
  const auto lines = tapped.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["error"] == "no_route");
  CHECK(lines[0]["response_code"] == 404);
  CHECK(lines[1]["error"] == "bad_request");
  CHECK(lines[1]["why"] == "a blank");
  CHECK(lines[1]["trace_id"] == "0af7651916cd43dd8448eb211c80319c");
  CHECK(lines[1]["span_id"] == "b7ad6b7169203331");
  CHECK(lines[1]["request_id"] == "id-1");
}

TEST_CASE("taps: broken ids of a broken request are not shown") {
  TappedRig tapped;
  ExchangeRig& rig = tapped.rig;
  rig.exchange.reset(new (rig.worker.blocks.pieces()) Exchange(
      rig.owner(), rig.worker, rig.view, rig.snapshot->listeners[0], rig.caller, rig.client));
  auto* head = rig.sink().arena().make<RequestHead>(rig.sink().arena());
  TestRequest::fill(*head, "GET", "/", "price",
                    {{"traceparent", "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                     {"x-request-id", "id\x1b[31m"}});
  rig.sink().on_bad_request(*head, {.code = ErrorCode::kBadRequest, .details = "bad"});
  rig.finish();
  const auto lines = tapped.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["trace_id"] == "");
  CHECK(lines[0]["span_id"] == "");
  CHECK(lines[0]["request_id"] == "");
}

TEST_CASE("why says who closed an exchange that was cut") {
  const struct {
    std::string_view who;
    std::string_view flags;
    int status;
    std::string_view why;
  } cases[] = {
      {"upstream", "UC", 200, "closed by upstream: connection reset by peer"},
      {"downstream", "DC", 200, "closed by downstream: stream reset"},
      {"early downstream", "DC", 0, "closed by downstream: stream reset"},
      {"woad", "-", 200, "closed by woad: woad is shutting down"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.who);
    TappedRig tapped;
    ExchangeRig& rig = tapped.rig;
    rig.get();
    MemoryPeer& up = rig.accept(0);
    if (each.status != 0) up.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    if (each.who == "upstream") up.lose();
    if (each.who.ends_with("downstream")) {
      rig.sink().on_reset(ResetReason::kCancel, "stream reset");
    }
    if (each.who == "woad") rig.exchange->abort("woad is shutting down");
    rig.finish();
    const auto lines = tapped.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0]["why"] == each.why);
    CHECK(lines[0]["response_flags"] == each.flags);
    CHECK(lines[0]["response_code"] == each.status);
  }
}

}  // namespace
}  // namespace woad::test
