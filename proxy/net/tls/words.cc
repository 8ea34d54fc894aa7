#include "proxy/net/tls/words.h"

#include <algorithm>
#include <ctime>
#include <iterator>

#include "proxy/base/strings.h"

namespace woad {
namespace {

struct AlertName {
  int number;
  const char* name;
};

constexpr AlertName kAlerts[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {22, "record_overflow"},
    {40, "handshake_failure"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
};

}  // namespace

std::string in_quotes(std::string_view text, size_t longest) {
  std::string out = "\"";
  for (const char c : text.substr(0, longest)) {
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      out += c;
      continue;
    }
    out += "\\x" + hex_of_bytes({&c, 1});
  }
  if (text.size() > longest) out += "...";
  return out += '"';
}

std::string utc_words(WallTime time) {
  const time_t whole = std::chrono::floor<seconds>(time).time_since_epoch().count();
  tm parts{};
  char text[32];
  if (gmtime_r(&whole, &parts) == nullptr) return "?";
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::string alert_words(int alert) {
  const auto* const known =
      std::find_if(std::begin(kAlerts), std::end(kAlerts),
                   [alert](const AlertName& entry) { return entry.number == alert; });
  const std::string number = "(" + std::to_string(alert) + ")";
  return known == std::end(kAlerts) ? "unknown alert " + number : known->name + (" " + number);
}

}  // namespace woad
