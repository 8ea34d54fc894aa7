#include "filters/access_log/filter.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/filters/support/filter_bench.h"
#include "tests/support/folder.h"

namespace woad {
namespace {

using Bench = test::FilterBench<AccessLogFilter>;

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
  test::Folder folder;
  const std::string path = folder / "access.json";
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
  test::Folder folder;
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const std::string path = folder / std::string(each.what);
    Bench bench({.path = path, .sample = {each.sample}});
    bench.info.status = each.status;
    bench.info.error = each.error;
    bench.info.closed_by = each.closed_by;
    bench.filter().on_end(bench.info);
    bench.state.reset();
    CHECK(lines_in(each.kept ? content(path) : "") == (each.kept ? 1 : 0));
  }
}

TEST_CASE("access_log: a query is shown where it is asked for, without its secrets") {
  const struct {
    const char* path;
    AccessLogSettings settings;
    const char* says;
  } cases[] = {
      {"/a?b=1&token=s3cret", {}, R"("path":"/a","authority")"},
      {"/a?b=1&token=s3cret",
       {.query = true},
       R"("path":"/a","query":"b=1&token=[redacted]","authority")"},
      {"/a?monkey=1&Voucher=s3cret",
       {.query = true, .hide = {"voucher"}},
       R"("query":"monkey=1&Voucher=[redacted]")"},
      {"/a", {.query = true}, R"("path":"/a","query":"","authority")"},
      {"/a?hide=1", {.hide = {"voucher"}}, R"("path":"/a","authority")"},
  };
  test::Folder folder;
  for (const auto& each : cases) {
    CAPTURE(each.says);
    const std::string path = folder / "access.json";
    AccessLogSettings settings = each.settings;
    settings.path = path;
    Bench bench(settings);
    bench.request.path = each.path;
    bench.filter().on_end(bench.info);
    const std::string line = content(path);
    CAPTURE(line);
    CHECK(line.find(each.says) != std::string::npos);
    CHECK(line.find("s3cret") == std::string::npos);
    std::filesystem::remove(path);
  }
}

TEST_CASE("access_log: a tenth") {
  test::Folder folder;
  const std::string path = folder / "access.json";
  Bench bench({.path = path, .sample = {0.1}});
  bench.info.status = 200;
  for (int i = 0; i < 2000; ++i) bench.filter().on_end(bench.info);
  const size_t lines = lines_in(content(path));
  CHECK(lines > 120);
  CHECK(lines < 290);
}

TEST_CASE("access_log: a slow reader costs lines, not time") {
  test::Folder folder;
  const std::string path = folder / "fifo";
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
  test::Folder folder;
  const auto good = test::decode<AccessLogFilter>("{path: " + (folder / "a") + ", sample: 5%}");
  CHECK(good.errors == "");
  CHECK(good.settings == AccessLogSettings{(folder / "a"), AccessLogFormat::kJson, {0.05}});
  CHECK_FALSE(std::filesystem::exists((folder / "a")));
  CHECK(test::decode<AccessLogFilter>("path: /dev/stdout").errors == "");
  const auto shown = test::decode<AccessLogFilter>("{query: true, hide: [a, 'b c']}");
  CHECK(shown.errors == "");
  CHECK(shown.settings == AccessLogSettings{.query = true, .hide = {"a", "b c"}});
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
      {"query: yes", "is neither true nor false"},
      {"hide: token", "expected a list"},
      {"hide: ['']", "must not be empty"},
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
