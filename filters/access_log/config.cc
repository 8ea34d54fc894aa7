#include "filters/access_log/config.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace woad {
namespace {

// What cannot be written is an error at load, not a log that stays empty; nothing is created yet.
bool decode_path(const config::Node& node, std::string& out, config::Diagnostics& diagnostics) {
  if (!config::file().decode(node, out, diagnostics)) return false;
  const std::filesystem::path path(out);
  if (out == "/dev/stdout" || out == "/dev/stderr") return true;
  std::error_code no_error;
  const bool there = std::filesystem::exists(path, no_error);
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  const bool folder_given = std::filesystem::is_directory(path, no_error);
  const char* asked = there ? out.c_str() : folder.c_str();
  if (!folder_given && access(asked, there ? W_OK : W_OK | X_OK) == 0) return true;
  const int why = folder_given ? EISDIR : errno;
  diagnostics.error(
      node, config::in_quotes(out) + " cannot be written: " + std::generic_category().message(why));
  return false;
}

config::Shape<std::string> log_path() {
  config::Shape<std::string> shape = config::file();
  shape.decode = decode_path;
  return shape;
}

}  // namespace

const config::Table<AccessLogSettings> kAccessLogTable{
    {"path", &AccessLogSettings::path, log_path(), "Where the lines go."},
    {"format", &AccessLogSettings::format,
     config::words<AccessLogFormat>({{"json", AccessLogFormat::kJson}}), "How a line is written."},
    {"sample", &AccessLogSettings::sample,
     "Share of requests that get a line; errors always get one."},
    {"query", &AccessLogSettings::query, "Whether a line has the query, secrets in it hidden."},
    {"hide", &AccessLogSettings::hide, config::list_of(config::name()),
     "Query keys whose values are hidden, beside the usual secrets."},
};

}  // namespace woad
