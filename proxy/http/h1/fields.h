// Sorts the fields of an HTTP/1 head while they are read: what the connection and the framing need
// is kept aside, everything else goes into the message's headers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/http/h1/framing.h"
#include "proxy/http/headers.h"

namespace woad::h1 {

class Fields {
 public:
  // `headers` outlives this; views added are kept.
  explicit Fields(Headers& headers) : headers_(headers) {}

  // Reads the lines of a head behind its start line; `lines` ends with the empty line, has passed
  // HeadScan and lives as long as the headers. Returns "" or what is wrong (RFC 9112 section 5).
  std::string_view read(std::string_view lines);

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

// The length of what `text` starts with that may stand in a field's value or a reason phrase: no
// control bytes but tabs (RFC 9110 section 5.5). Bytes above 0x7f are opaque and pass.
size_t text_span(std::string_view text);

}  // namespace woad::h1
