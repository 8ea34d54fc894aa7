// HTTP/1 or HTTP/2 by the first bytes of a connection (RFC 9113 section 3.4). Pure.
#pragma once

#include <string_view>

namespace woad {

// kNeither: the first byte is no text or the first line not HTTP/1, and no HTTP/2 preface, so there
// is no protocol to answer in (RFC 9113 section 3.4: close).
enum class Detected { kNeedMore, kHttp1, kHttp2, kNeither };

// What an HTTP/2 client sends first.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// `first` are all bytes so far, from the very first one; kNeedMore as long as they are a true
// prefix of the preface, at most 23 bytes.
Detected detect_protocol(std::string_view first);

// The same where any protocol may come: HTTP/1 is then what begins with a whole line of a token,
// more words, and "HTTP/" in front of the last one's version. kNeedMore as long as that may come.
Detected detect_among_any(std::string_view first);

}  // namespace woad
