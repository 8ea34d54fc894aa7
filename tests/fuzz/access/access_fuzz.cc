// Whatever bytes a client puts into a field, the access log line and the line of a tap are one line
// of valid JSON each, and valid UTF-8 comes back as it was (but for what is cut).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "proxy/filter/tap_line.h"
#include "proxy/observe/access_record.h"

namespace {

nlohmann::json parse_line(const std::string& line) {
  auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded() || line.find('\n') != line.size() - 1) std::abort();
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') std::abort();
  }
  return json;
}

// The text as a value and as names.
void tap(std::string_view text, woad::AccessRecord record) {
  woad::ArenaPool pool;
  woad::Arena arena(pool);
  woad::Headers headers(arena);
  headers.add("x-any", text);
  headers.add("Cookie", text);
  headers.add(text, "1");
  headers.add(arena.copy(text.substr(text.size() / 2)), "2");
  headers.add(text, "3");
  std::string line;
  append_tap_line(line, record, headers);
  const auto json = parse_line(line);
  const auto& cookie = json["request_headers"]["cookie"];  // a list when the text is its name
  if ((cookie.is_array() ? cookie[0] : cookie) != "[redacted]") std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  woad::AccessRecord record;
  record.path = record.method = record.why = text;
  std::string line;
  append_json_line(line, record);
  const auto json = parse_line(line);
  tap(text, record);
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
