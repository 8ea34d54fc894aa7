// One line of the access log: what is said of an exchange, and its JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/time.h"

namespace woad {

// The keys of config/reference.md ("Access log keys"). Views are the caller's and hold whatever
// bytes a client sent; unknown text is "".
struct AccessRecord {
  WallTime start_time{};
  std::string_view direction;
  std::string_view method;
  std::string_view path;  // without the query
  // What follows '?', its secrets hidden already; nothing: the line has no such key.
  std::optional<std::string_view> query;
  std::string_view authority;
  std::string_view protocol;
  int response_code = 0;  // 0: the client got none
  std::string_view response_flags;
  Duration duration{};
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  std::string_view service;
  std::string_view route;
  std::string_view pool;
  std::string_view pool_reason;
  std::string_view color;
  std::string_view tenant;
  std::string_view ctx_source;
  std::string_view upstream_host;
  uint32_t attempts = 0;
  std::string_view peer;  // the SPIFFE id of the client, else its address
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view request_id;
  std::string_view error;  // "" is written as null
  std::string_view why;
};

// Longer values are cut there and end in "...". In bytes of the value, before escaping.
inline constexpr size_t kMaxLoggedPath = 2048;
inline constexpr size_t kMaxLoggedText = 512;

// Appends the record as one JSON object and a newline. The line is valid JSON and valid UTF-8
// whatever the values hold, and has no control character, so it cannot forge another line or talk
// to a terminal. Allocates only when `out` has to grow: keep it and clear() it.
void append_json_line(std::string& out, const AccessRecord& record);

// The same without the braces and the newline, for lines that say more.
void append_json_members(std::string& out, const AccessRecord& record);

}  // namespace woad
