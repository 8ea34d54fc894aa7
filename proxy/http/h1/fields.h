// Sorts the fields of an HTTP/1 head while they are read: what the connection and the framing need
// is kept aside, everything else goes into the message's headers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"
#include "proxy/http/h1/framing.h"
#include "proxy/http/headers.h"

namespace woad::h1 {

// Who sent a message. RFC 9112 has a proxy mend some things in responses that it must refuse in
// requests.
enum class Side : uint8_t { kRequest, kResponse };

// Calls add(name, value), trimmed, for each line of a head or trailer section that HeadScan found
// whole; `lines` ends with the empty line. Returns "" or what is wrong (RFC 9112 section 5).
template <class Add>
std::string_view read_field_lines(std::string_view lines, Side side, Add&& add) {
  constexpr std::string_view kEnd = "\r\n";
  size_t at = 0;
  while (lines[at] != '\r') {
    const size_t name = at;
    while (is_in(lines[at], kInToken)) ++at;
    const std::string_view said = lines.substr(name, at - name);
    if (side == Side::kResponse) {  // RFC 9112 section 5.1
      while (lines[at] == ' ' || lines[at] == '\t') ++at;
    }
    if (lines[at] != ':' || said.empty()) return "a field name has a byte that it must not have";
    const size_t value = at + 1;
    at = value + text_span(lines.substr(value));
    if (lines.substr(at, kEnd.size()) != kEnd) return "a field has a byte that it must not have";
    add(said, trim(lines.substr(value, at - value)));
    at += kEnd.size();
  }
  return lines.size() == at + kEnd.size() ? "" : "a line begins with a carriage return";
}

class Fields {
 public:
  // `headers` outlives this; views added are kept.
  explicit Fields(Headers& headers) : headers_(headers) {}

  // Reads the lines of a head behind its start line; `lines` ends with the empty line, has passed
  // HeadScan and lives as long as the headers. Returns "" or what is wrong (RFC 9112 section 5).
  std::string_view read(std::string_view lines, Side side);

  // Views as they came, trimmed; the counts stop at 2.
  FramingFields framing;
  std::string_view host;
  std::string_view upgrade;
  std::string_view keep_alive;
  std::string_view expect;
  uint8_t hosts = 0;
  uint8_t upgrades = 0;
  uint8_t expects = 0;
  bool te_trailers = false;

  // The options of Connection. The fields that its other options name are taken out of the headers,
  // except those that always go end to end.
  bool close = false;
  bool stay = false;  // keep-alive
  bool wants_upgrade = false;

 private:
  void add(std::string_view name, std::string_view value);
  std::string_view finish();
  bool read_options(std::string_view list, uint32_t& others);
  void remove_named(std::string_view list);

  // More Connection fields, or options in them, than any client sends are refused: each option
  // costs a walk over the headers.
  static constexpr size_t kMostConnections = 4;
  static constexpr uint32_t kMostOptions = 16;

  Headers& headers_;
  std::array<std::string_view, kMostConnections> connections_;
  uint8_t connection_count_ = 0;
};

}  // namespace woad::h1
