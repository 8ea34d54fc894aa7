#include "proxy/log/worker_log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "config/types.h"
#include "proxy/log/log.h"
#include "tests/log/captured.h"

namespace woad {
namespace {

using test::captured;

size_t lines_of(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

struct Bench {
  Bench() { configure_log(config::LogLevel::kDebug, config::LogFormat::kText); }
  ~Bench() { configure_log(config::LogLevel::kInfo, config::LogFormat::kJson); }
  void pass(Duration time) { scheduler.advance(scheduler.now() + time); }
  Scheduler scheduler{MonoTime(seconds(1000)), WallTime(seconds(1'800'000'000))};
  WorkerLog log{scheduler};
};

TEST_CASE("worker log: whether it is of use to put a debug line together") {
  Bench bench;
  CHECK(bench.log.debugs());
  for (const char* level : {"info", "warn", "error"}) {
    CHECK(set_log_level(level));
    CHECK_FALSE(bench.log.debugs());
    CHECK(set_log_level("debug"));
    CHECK(bench.log.debugs());
  }
  CHECK_FALSE(set_log_level("loud"));
  CHECK(bench.log.debugs());
}

TEST_CASE("worker log: so many lines a second, and how many were left out") {
  Bench bench;
  const auto burst = [&](int lines) {
    return captured([&] {
      for (int i = 0; i < lines; ++i) {
        bench.log.debug("of requests", {{"n", "1"}});
        bench.log.warn("of trouble", {});
      }
    });
  };
  const std::string first = burst(WorkerLog::kDebugLinesPerSecond + 5);
  CHECK(lines_of(first, "debug: of requests n=1\n") == WorkerLog::kDebugLinesPerSecond);
  CHECK(lines_of(first, "warn: of trouble\n") == LogGate::kPerSecond);
  CHECK(lines_of(first, "left out") == 0);
  bench.pass(seconds(1));
  const std::string second = burst(1);
  CHECK(second.find("debug: lines were left out, for they were too many lines=5\n") !=
        std::string::npos);
  CHECK(second.find("warn: lines were left out, for they were too many lines=995\n") !=
        std::string::npos);
  CHECK(lines_of(burst(1), "left out") == 0);
}

TEST_CASE("worker log: a reader of stderr who is behind costs debug lines, and no time") {
  Bench bench;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const std::string page(4000, 'x');
  for (int i = 0; i < 100; ++i) bench.log.debug(page, {});  // would block: nobody reads
  std::string got(1'000'000, '\0');
  const ssize_t size = read(ends[0], got.data(), got.size());
  bench.log.debug("here again", {});
  const ssize_t more = read(ends[0], got.data() + size, got.size() - static_cast<size_t>(size));
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[0]);
  close(ends[1]);
  got.resize(static_cast<size_t>(size + more));
  const size_t told = lines_of(got, page);
  CHECK(told > 0);
  CHECK(told < 100);
  CHECK(got.find("lines=" + std::to_string(100 - told) + "\n") != std::string::npos);
  CHECK(got.ends_with("debug: here again\n"));
}

}  // namespace
}  // namespace woad
