// The words of TLS errors. Nothing that a peer said is repeated but in printable form and cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/base/time.h"

namespace woad {

// In double quotes; bytes outside printable ASCII, quotes and backslashes as \xNN; at most
// `longest` bytes of the text, then dots.
std::string in_quotes(std::string_view text, size_t longest = 200);

// "2026-11-20T12:00:00Z".
std::string utc_words(WallTime time);

// "bad_certificate (42)": the names of RFC 8446 section 6 and of TLS 1.2 (RFC 5246 section 7.2).
std::string alert_words(int alert);

}  // namespace woad
