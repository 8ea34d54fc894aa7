// The process log: what woad says about itself, one line an event on stderr.
//
// Requests are the access log's. Any thread; a line is written whole. Not for the data path, which
// has WorkerLog: a line allocates and writes at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "proxy/base/log_field.h"

namespace woad::config {
enum class LogLevel : uint8_t;
enum class LogFormat : uint8_t;
}  // namespace woad::config

namespace woad {

// Until the first call: info, json, as the file's defaults are. A level that is the one of the call
// before changes nothing: what set_log_level() set outlives reloads that are about other things.
void configure_log(config::LogLevel level, config::LogFormat format);
// debug, info, warn, error; false, and nothing changes, for another word.
bool set_log_level(std::string_view word);
// Whether lines of level debug are written at present; lives as long as the process.
const std::atomic<bool>& log_debugs();
// Whether a line of up to a page would go out at once: stderr is no pipe whose reader is behind.
bool log_has_room();

// `sentence` says what happened, without a final dot; bytes of others belong into fields.
void log_debug(std::string_view sentence, LogFields fields = {});
void log_info(std::string_view sentence, LogFields fields = {});
void log_warn(std::string_view sentence, LogFields fields = {});
void log_error(std::string_view sentence, LogFields fields = {});

}  // namespace woad
