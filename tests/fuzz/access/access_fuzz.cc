// Whatever bytes a client puts into a field, the access log line is one line of valid JSON, and
// valid UTF-8 comes back as it was (but for what is cut).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "proxy/observe/access_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  woad::AccessRecord record;
  record.path = record.method = record.why = text;
  std::string line;
  append_json_line(line, record);
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded() || line.find('\n') != line.size() - 1) std::abort();
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') std::abort();
  }
  const std::string path = json["path"];
  bool utf8 = true;
  try {
    static_cast<void>(nlohmann::json(std::string(text)).dump());
  } catch (const nlohmann::json::type_error&) {
    utf8 = false;
  }
  if (utf8 && size <= woad::kMaxLoggedPath && path != text) std::abort();
  return 0;
}
