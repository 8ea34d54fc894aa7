// What people may see of requests: values that are secrets by their name are hidden. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace woad {

inline constexpr std::string_view kRedacted = "[redacted]";

// A header, query key or cookie that usually holds a secret: credentials, cookies, sessions,
// tokens, keys, signatures, one-time codes. However the name is written: any case, with "-", "_" or
// nothing between its words. Rather one too many than one too few.
bool is_secret_name(std::string_view name);

// `text` (a path, a URL) with the values of secret query keys hidden. Pairs end at '&', ';', '#' or
// another '?'; keys are read percent-decoded.
std::string redact_query(std::string_view text);

// `authority` without the user and password in front of '@' (RFC 3986 section 3.2.1).
std::string redact_userinfo(std::string_view authority);

}  // namespace woad
