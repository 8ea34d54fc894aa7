#include "proxy/filter/tap_line.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace woad {
namespace {

using Json = nlohmann::json;
using Fields = std::vector<std::pair<std::string, std::string>>;

AccessRecord plain_record() {
  AccessRecord record;
  record.method = "GET";
  record.path = "/a";
  record.authority = "price";
  return record;
}

std::string line_of(const Fields& fields, const AccessRecord& record = plain_record()) {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  for (const auto& [name, value] : fields) headers.add(name, value);
  std::string line;
  append_tap_line(line, record, headers);
  CHECK(line.ends_with("}\n"));
  CHECK(line.find('\n') == line.size() - 1);
  return line;
}

Json headers_of(const Fields& fields) { return Json::parse(line_of(fields))["request_headers"]; }

TEST_CASE("tap line: the keys of the access log, and the headers") {
  AccessRecord record = plain_record();
  record.response_code = 503;
  record.error = "no_endpoint";
  const Json json = Json::parse(line_of({}, record));
  std::string log_line;
  append_json_line(log_line, record);
  Json expected = Json::parse(log_line);
  expected["request_headers"] = Json::object();
  CHECK(json == expected);
}

TEST_CASE("tap line: names in lower case, several fields of a name in a list") {
  CHECK(
      headers_of({{"Accept", "a"}, {"x-b", "1"}, {"ACCEPT", "b"}, {"X-C", ""}, {"accept", "c"}}) ==
      Json::parse(R"({"accept":["a","b","c"],"x-b":"1","x-c":""})"));
}

TEST_CASE("tap line: secrets are hidden, in headers and in URLs") {
  CHECK(headers_of({{"Authorization", "Bearer x"},
                    {"Cookie", "a=1"},
                    {"cookie", "b=2"},
                    {"X-Api-Key", "k"},
                    {"referer", "http://shop/?token=t&page=2"},
                    {"x-what", "plain"}}) ==
        Json::parse(R"({"authorization":"[redacted]","cookie":["[redacted]","[redacted]"],
                        "x-api-key":"[redacted]","referer":"http://shop/?token=[redacted]&page=2",
                        "x-what":"plain"})"));
}

TEST_CASE("tap line: values are cut, further headers are left out") {
  const Json cut =
      headers_of({{"x-long", std::string(5000, 'v')}, {"x-fits", std::string(512, 'v')}});
  CHECK(cut["x-long"] == std::string(512, 'v') + "...");
  CHECK(cut["x-fits"] == std::string(512, 'v'));
  Fields many;
  for (int i = 0; i < 100; ++i) many.emplace_back("x-" + std::to_string(i), "v");
  const Json shown = headers_of(many);
  CHECK(shown.size() == 64);
  CHECK(shown.contains("x-63"));
  CHECK_FALSE(shown.contains("x-64"));
}

TEST_CASE("tap line: any bytes are one valid line that talks to no terminal") {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes.push_back(static_cast<char>(c));
  AccessRecord record = plain_record();
  record.path = record.authority = record.why = bytes;
  const std::string line = line_of({{"x-any", bytes}, {bytes, "v"}}, record);
  CHECK(Json::parse(line).is_object());
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    REQUIRE(static_cast<unsigned char>(line[i]) >= 0x20);
    REQUIRE(line[i] != '\x7f');
  }
}

}  // namespace
}  // namespace woad
