#include "proxy/log/log.h"

// The words of log.level, where spdlog says "warning".
#define SPDLOG_LEVEL_NAMES \
  { "trace", "debug", "info", "warn", "error", "critical", "off" }
#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "config/types.h"
#include "proxy/base/json.h"

namespace woad {
namespace {

constexpr char kJsonPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
constexpr char kTextPattern[] = "%Y-%m-%dT%H:%M:%S.%eZ %l: %v";

std::string json_text(std::string_view text) { return json_line(nlohmann::json(text)); }

// Further lines are indented and control bytes replaced, so that nobody else's bytes look like a
// line of ours.
std::string plain_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\n    ";
    } else {
      out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
    }
  }
  return out;
}

class ProcessLog {
 public:
  ProcessLog() : logger_("woad", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    set_format(config::LogFormat::kJson);
  }

  void set_format(config::LogFormat format) {
    json_ = format == config::LogFormat::kJson;
    logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        json_ ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc));
  }
  void set_level(spdlog::level::level_enum level) {
    logger_.set_level(level);
    debugs_.store(level <= spdlog::level::debug, std::memory_order_relaxed);
  }
  void set_filed_level(spdlog::level::level_enum level) {
    if (filed_.exchange(level) != level) set_level(level);
  }
  const std::atomic<bool>& debugs() const { return debugs_; }

  void write(spdlog::level::level_enum level, std::string_view sentence, LogFields fields) {
    if (!logger_.should_log(level)) return;
    const bool json = json_;
    std::string line = json ? R"("message":)" + json_text(sentence) : plain_text(sentence);
    for (const LogField& field : fields) {
      if (json) {
        line.append(",").append(json_text(field.key)).append(":").append(json_text(field.value));
      } else {
        line.append(" ").append(field.key).append("=").append(plain_text(field.value));
      }
    }
    logger_.log(level, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  spdlog::logger logger_;
  std::atomic<bool> json_ = true;
  std::atomic<bool> debugs_ = false;
  std::atomic<spdlog::level::level_enum> filed_ = spdlog::level::info;  // of the file
};

// One stderr a process, one log: made at its first use, from whatever thread that is.
ProcessLog& process_log() {
  static ProcessLog log;
  return log;
}

}  // namespace

void configure_log(config::LogLevel level, config::LogFormat format) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  process_log().set_format(format);
  process_log().set_filed_level(kLevels[static_cast<size_t>(level)]);
}

bool set_log_level(std::string_view word) {
  for (const auto level :
       {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err}) {
    const auto name = spdlog::level::to_string_view(level);
    if (std::string_view(name.data(), name.size()) != word) continue;
    process_log().set_level(level);
    return true;
  }
  return false;
}

const std::atomic<bool>& log_debugs() { return process_log().debugs(); }

bool log_has_room() {
  pollfd stream{STDERR_FILENO, POLLOUT, 0};
  return poll(&stream, 1, 0) != 0;
}

void log_debug(std::string_view sentence, LogFields fields) {
  process_log().write(spdlog::level::debug, sentence, fields);
}

void log_info(std::string_view sentence, LogFields fields) {
  process_log().write(spdlog::level::info, sentence, fields);
}

void log_warn(std::string_view sentence, LogFields fields) {
  process_log().write(spdlog::level::warn, sentence, fields);
}

void log_error(std::string_view sentence, LogFields fields) {
  process_log().write(spdlog::level::err, sentence, fields);
}

}  // namespace woad
