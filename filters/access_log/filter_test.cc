#include "filters/access_log/filter.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "filters/access_log/record.h"
#include "tests/filters/support/filter_bench.h"

namespace woad {
namespace {

using Bench = test::FilterBench<AccessLogFilter>;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/woad-access-log-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

std::string content(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

size_t lines_in(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE("access_log: one line a request, appended") {
  TemporaryFolder folder;
  const std::string path = folder.file("access.json");
  std::ofstream(path) << "before\n";
  Bench bench({.path = path});
  bench.info.status = 200;
  bench.info.service = "price";
  bench.filter().on_end(bench.info);
  bench.filter().on_end(bench.info);
  const std::string text = content(path);
  CHECK(lines_in(text) == 3);
  CHECK(text.starts_with("before\n{\"start_time\":\"2027-01-15T"));
  CHECK(text.find("\"service\":\"price\"") != std::string::npos);
}

TEST_CASE("access_log: what a sample keeps") {
  struct Case {
    std::string_view what;
    double sample;
    int status;
    ErrorCode error;
    ClosedBy closed_by;
    bool kept;
  };
  const Case cases[] = {
      {"all", 1, 200, ErrorCode::kNone, ClosedBy::kNobody, true},
      {"none", 0, 200, ErrorCode::kNone, ClosedBy::kNobody, false},
      {"none but client errors are no errors", 0, 404, ErrorCode::kNone, ClosedBy::kNobody, false},
      {"error of ours", 0, 429, ErrorCode::kRateLimited, ClosedBy::kNobody, true},
      {"error of the app", 0, 500, ErrorCode::kNone, ClosedBy::kNobody, true},
      {"cut", 0, 200, ErrorCode::kNone, ClosedBy::kDownstream, true},
      {"no answer", 0, 0, ErrorCode::kNone, ClosedBy::kNobody, true},
  };
  TemporaryFolder folder;
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const std::string path = folder.file(each.what);
    Bench bench({.path = path, .sample = {each.sample}});
    bench.info.status = each.status;
    bench.info.error = each.error;
    bench.info.closed_by = each.closed_by;
    bench.filter().on_end(bench.info);
    bench.state.reset();
    CHECK(lines_in(each.kept ? content(path) : "") == (each.kept ? 1 : 0));
  }
}

TEST_CASE("access_log: a tenth") {
  TemporaryFolder folder;
  const std::string path = folder.file("access.json");
  Bench bench({.path = path, .sample = {0.1}});
  bench.info.status = 200;
  for (int i = 0; i < 2000; ++i) bench.filter().on_end(bench.info);
  const size_t lines = lines_in(content(path));
  CHECK(lines > 120);
  CHECK(lines < 290);
}

TEST_CASE("access_log: the record") {
  Bench bench;
  ExchangeInfo& info = bench.info;
  info.direction = Direction::kInbound;
  info.start_wall = bench.scheduler.wall();
  info.end = info.start + microseconds(1500);
  info.status = 200;
  info.color = "red";
  info.tenant = "acme";
  info.context_source = ContextSource::kHeader;
  info.service = "price";
  info.route = "routes[0]";
  info.pool = "red@acme";
  info.pool_reason = PoolReason::kExact;
  info.attempts = 2;
  bench.request.headers.add("traceparent",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  bench.request.headers.add("X-Request-Id", "id-1");
  const AccessRecord record = access_record_of(info, bench.arena);
  CHECK(record.direction == "inbound");
  CHECK(record.method == "GET");
  CHECK(record.path == "/");
  CHECK(record.authority == "price");
  CHECK(record.protocol == "HTTP/1.1");
  CHECK(record.duration == microseconds(1500));
  CHECK(record.response_flags == "-");
  CHECK(record.color == "red");
  CHECK(record.ctx_source == "header");
  CHECK(record.pool == "red@acme");
  CHECK(record.pool_reason == "exact");
  CHECK(record.attempts == 2);
  CHECK(record.trace_id == "0af7651916cd43dd8448eb211c80319c");
  CHECK(record.span_id == "b7ad6b7169203331");
  CHECK(record.request_id == "id-1");
  CHECK(record.error == "");
  CHECK(record.why == "");
}

TEST_CASE("access_log: flags, error and why") {
  struct Case {
    PoolReason reason;
    ErrorCode error;
    ClosedBy closed_by;
    std::string_view why;
    std::string_view flags;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {PoolReason::kBaseAbsent, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has no pool in price, went to base"},
      {PoolReason::kBaseUnhealthy, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has nobody to answer in price, went to base"},
      {PoolReason::kParent, ErrorCode::kNone, ClosedBy::kNobody, "", "-", "",
       "color blue has no pool in price, went to base"},
      {PoolReason::kBaseAbsent, ErrorCode::kTimeout, ClosedBy::kWoad, "no answer within 15s", "UT",
       "timeout", "no answer within 15s"},
      {PoolReason::kExact, ErrorCode::kNone, ClosedBy::kDownstream, "the client gave up", "DC", "",
       "the client gave up"},
      {PoolReason::kExact, ErrorCode::kUpstreamReset, ClosedBy::kUpstream, "reset", "UC",
       "upstream_reset", "reset"},
  };
  for (const Case& each : cases) {
    Bench bench;
    bench.info.color = "blue";
    bench.info.service = "price";
    bench.info.pool = "base";
    bench.info.attempts = 1;
    bench.info.pool_reason = each.reason;
    bench.info.error = each.error;
    bench.info.closed_by = each.closed_by;
    bench.info.why = each.why;
    const AccessRecord record = access_record_of(bench.info, bench.arena);
    CHECK(record.response_flags == each.flags);
    CHECK(record.error == each.code);
    CHECK(record.why == each.says);
  }
}

TEST_CASE("access_log: ids of other shapes are left out") {
  for (const std::string_view value : {"", "00-short", "00_0af7651916cd43dd8448eb211c80319c"}) {
    Bench bench;
    bench.request.headers.add("traceparent", value);
    const AccessRecord record = access_record_of(bench.info, bench.arena);
    CHECK(record.trace_id == "");
    CHECK(record.span_id == "");
    CHECK(record.color == "base");
    CHECK(record.pool_reason == "");
  }
}

TEST_CASE("access_log: a slow reader costs lines, not time") {
  TemporaryFolder folder;
  const std::string path = folder.file("fifo");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  LogFile log(path);
  const std::string line(999, 'x');
  for (int i = 0; i < 1000; ++i) log.write(line + "\n");
  CHECK(log.dropped() > 0);
  CHECK(log.dropped() < 1000);
  std::string got(2'000'000, '\0');
  const ssize_t size = read(reader, got.data(), got.size());
  CHECK(size == static_cast<ssize_t>(1000 * (1000 - log.dropped())));

  // A line larger than the pipe is torn; the next one stands alone.
  log.write(std::string(200'000, 'y') + "\n");
  const ssize_t torn = read(reader, got.data(), got.size());
  REQUIRE(torn > 0);
  CHECK(got[static_cast<size_t>(torn) - 1] == 'y');
  log.write("whole\n");
  CHECK(read(reader, got.data(), got.size()) == 7);
  CHECK(got.substr(0, 7) == "\nwhole\n");
  close(reader);
}

TEST_CASE("access_log: a file that cannot be opened") {
  LogFile log("/nonexistent/folder/file");
  log.write("line\n");
  CHECK(log.dropped() == 1);
}

TEST_CASE("access_log: settings") {
  TemporaryFolder folder;
  const auto good = test::decode<AccessLogFilter>("{path: " + folder.file("a") + ", sample: 5%}");
  CHECK(good.errors == "");
  CHECK(good.settings == AccessLogSettings{folder.file("a"), AccessLogFormat::kJson, {0.05}});
  CHECK_FALSE(std::filesystem::exists(folder.file("a")));
  CHECK(test::decode<AccessLogFilter>("path: /dev/stdout").errors == "");
  struct Bad {
    const char* yaml;
    std::string_view says;
  };
  const Bad bad[] = {
      {"path: /nonexistent/access.json", "cannot be written: No such file"},
      {"path: access.json", "/etc/woad/access.json"},  // relative to the file's folder
      {"path: /tmp", "cannot be written: Is a directory"},
      {"path: ''", "must not be empty"},
      {"format: text", "is not json"},
      {"sample: 5", "is not a share"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.yaml);
    const std::string errors = test::decode<AccessLogFilter>(each.yaml).errors;
    CAPTURE(errors);
    CHECK(errors.find(each.says) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad
