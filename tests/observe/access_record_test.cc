#include "proxy/observe/access_record.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "proxy/base/random.h"

namespace woad {
namespace {

AccessRecord full_record() {
  AccessRecord record;
  // 2026-11-20T12:34:56.007Z
  record.start_time = WallTime(seconds(1795178096) + milliseconds(7) + microseconds(999));
  record.direction = "outbound";
  record.method = "GET";
  record.path = "/a?b=\"c\"";
  record.authority = "price";
  record.protocol = "HTTP/1.1";
  record.response_code = 503;
  record.response_flags = "UF";
  record.duration = milliseconds(12) + microseconds(34) + Duration(567);
  record.bytes_received = 1;
  record.bytes_sent = 18446744073709551615u;
  record.service = "price";
  record.route = "routes[0]";
  record.pool = "red";
  record.pool_reason = "exact";
  record.color = "red.alice";
  record.tenant = "acme";
  record.ctx_source = "header";
  record.upstream_host = "10.0.0.1:9001";
  record.attempts = 2;
  record.peer = "127.0.0.1:4711";
  record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.span_id = "00f067aa0ba902b7";
  record.request_id = "id";
  record.error = "connect_failed";
  record.why = "10.0.0.1:9001: connection refused";
  return record;
}

TEST_CASE("a whole line, keys in their order") {
  std::string line;
  append_json_line(line, full_record());
  CHECK(
      line ==
      "{\"start_time\":\"2026-11-20T12:34:56.007Z\",\"direction\":\"outbound\",\"method\":\"GET\","
      "\"path\":\"/a?b=\\\"c\\\"\",\"authority\":\"price\",\"protocol\":\"HTTP/1.1\","
      "\"response_code\":503,\"response_flags\":\"UF\",\"duration_ms\":12.034,"
      "\"bytes_received\":1,\"bytes_sent\":18446744073709551615,\"service\":\"price\","
      "\"route\":\"routes[0]\",\"pool\":\"red\",\"pool_reason\":\"exact\","
      "\"color\":\"red.alice\",\"tenant\":\"acme\",\"ctx_source\":\"header\","
      "\"upstream_host\":\"10.0.0.1:9001\",\"attempts\":2,\"peer\":\"127.0.0.1:4711\","
      "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b7\","
      "\"request_id\":\"id\",\"error\":\"connect_failed\","
      "\"why\":\"10.0.0.1:9001: connection refused\"}\n");
}

TEST_CASE("an empty record: no error is null, the rest is empty or zero") {
  std::string line = "kept ";
  append_json_line(line, AccessRecord());
  REQUIRE(line.starts_with("kept {"));
  const auto json = nlohmann::json::parse(line.substr(5));
  CHECK(json["start_time"] == "1970-01-01T00:00:00.000Z");
  CHECK(json["error"].is_null());
  CHECK(json["why"] == "");
  CHECK(json["duration_ms"] == 0.0);
  CHECK(json.size() == 26);
}

TEST_CASE("a query has its key behind the path, when there is one to show") {
  AccessRecord record;
  record.path = "/a";
  std::string line;
  append_json_line(line, record);
  CHECK(line.find("\"query\"") == std::string::npos);
  const std::string query(3000, 'q');
  record.query = query;
  line.clear();
  append_json_line(line, record);
  CHECK(line.find("\"path\":\"/a\",\"query\":\"qqq") != std::string::npos);
  CHECK(nlohmann::json::parse(line)["query"] == std::string(kMaxLoggedPath, 'q') + "...");
  record.query = "";
  line.clear();
  append_json_line(line, record);
  CHECK(nlohmann::json::parse(line)["query"] == "");
}

TEST_CASE("long values are cut between characters") {
  AccessRecord record;
  const std::string path(3000, 'p');
  record.path = path;
  std::string wide;
  while (wide.size() < kMaxLoggedText + 10) wide += "\xe2\x82\xac";
  record.why = wide;
  std::string line;
  append_json_line(line, record);
  const auto json = nlohmann::json::parse(line);
  CHECK(json["path"] == std::string(kMaxLoggedPath, 'p') + "...");
  const std::string why = json["why"];
  CHECK(why.ends_with("..."));
  CHECK(why.size() <= kMaxLoggedText + 3);
  CHECK(wide.starts_with(why.substr(0, why.size() - 3)));
  // Exactly at the limit nothing is cut.
  record.path = std::string_view(path).substr(0, kMaxLoggedPath);
  line.clear();
  append_json_line(line, record);
  CHECK(nlohmann::json::parse(line)["path"] == record.path);
}

TEST_CASE("whatever bytes come, a line is one line of valid JSON") {
  Random random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.below(700), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    AccessRecord record;
    record.path = record.authority = record.why = record.error = bytes;
    std::string line;
    append_json_line(line, record);
    REQUIRE(nlohmann::json::accept(line));
    REQUIRE(line.find('\n') == line.size() - 1);
  }
}

}  // namespace
}  // namespace woad
