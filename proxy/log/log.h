// The process log: what woad says about itself, one line an event on stderr.
//
// Requests are the access log's. Any thread; a line is written whole. Not for the data path: a line
// allocates and writes at once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace woad::config {
enum class LogLevel : uint8_t;
enum class LogFormat : uint8_t;
}  // namespace woad::config

namespace woad {

// A detail beside the sentence; views need to live for the call alone.
struct LogField {
  std::string_view key;
  std::string_view value;
};
using LogFields = std::initializer_list<LogField>;

// Until the first call: info, json, as the file's defaults are.
void configure_log(config::LogLevel level, config::LogFormat format);
// debug, info, warn, error; false, and nothing changes, for another word.
bool set_log_level(std::string_view word);

// `sentence` says what happened, without a final dot; bytes of others belong into fields.
void log_debug(std::string_view sentence, LogFields fields = {});
void log_info(std::string_view sentence, LogFields fields = {});
void log_warn(std::string_view sentence, LogFields fields = {});
void log_error(std::string_view sentence, LogFields fields = {});

}  // namespace woad
