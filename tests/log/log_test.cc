#include "proxy/log/log.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/types.h"
#include "tests/log/captured.h"

namespace woad {
namespace {

using test::captured;

TEST_CASE("a JSON line an event, whatever stands in it") {
  configure_log(config::LogLevel::kInfo, config::LogFormat::kJson);
  const std::string text = captured([] {
    log_debug("not shown");
    log_info("serving", {{"version", "7"}});
    log_error("refused {} %s", {{"error", "a\n\"b\" \xff\x01"}, {"file", ""}});
  });
  const size_t end = text.find('\n');
  REQUIRE(end != std::string::npos);
  const auto first = nlohmann::json::parse(text.substr(0, end));
  CHECK(first["level"] == "info");
  CHECK(first["message"] == "serving");
  CHECK(first["version"] == "7");
  CHECK(first["time"].get<std::string>().size() == std::string("2026-11-20T08:15:00.250Z").size());
  CHECK(text.find('\n', end + 1) == text.size() - 1);
  const auto second = nlohmann::json::parse(text.substr(end + 1));
  CHECK(second["level"] == "error");
  CHECK(second["message"] == "refused {} %s");
  CHECK(second["error"].get<std::string>().starts_with("a\n\"b\" "));
}

TEST_CASE("text lines cannot be forged") {
  configure_log(config::LogLevel::kWarn, config::LogFormat::kText);
  const std::string text = captured([] {
    log_info("not shown");
    log_warn("refused", {{"error", "a\n2026-11-20T08:15:00.250Z error: forged\r\x1b[2J"}});
  });
  CHECK(text.find(" warn: refused error=a\n    2026-") != std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("the level follows words") {
  configure_log(config::LogLevel::kInfo, config::LogFormat::kText);
  CHECK(set_log_level("debug"));
  CHECK_FALSE(captured([] { log_debug("shown"); }).empty());
  CHECK_FALSE(set_log_level("shout"));
  CHECK_FALSE(set_log_level("critical"));
  CHECK_FALSE(captured([] { log_debug("still shown"); }).empty());
  CHECK(set_log_level("error"));
  CHECK(captured([] { log_warn("not shown"); }).empty());
}

TEST_CASE("what was set at run time stays until the file says another level") {
  configure_log(config::LogLevel::kWarn, config::LogFormat::kText);
  CHECK_FALSE(log_debugs());
  CHECK(set_log_level("debug"));
  CHECK(log_debugs());
  configure_log(config::LogLevel::kWarn, config::LogFormat::kText);  // a reload for another cause
  CHECK(log_debugs());
  configure_log(config::LogLevel::kInfo, config::LogFormat::kText);
  CHECK_FALSE(log_debugs());
}

}  // namespace
}  // namespace woad
