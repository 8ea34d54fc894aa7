// What people may see of requests: values that are secrets by their name are hidden. Pure; any
// thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace woad {

inline constexpr std::string_view kRedacted = "[redacted]";

// A header, query key or cookie that usually holds a secret: credentials, cookies, sessions,
// tokens, keys, signatures, one-time codes. However the name is written: any case, with "-", "_" or
// nothing between its words. Rather one too many than one too few.
bool is_secret_name(std::string_view name);

// Names that somebody wants hidden besides; compared without case.
using HiddenNames = std::span<const std::string>;

// A query (what follows '?') with the values of secret keys, and of those in `more`, hidden. Pairs
// end at '&', ';', '#' or another '?', a secret at '&' or '#' alone; keys are read percent-decoded.
// A value that holds such a pair itself (a URL to come back to) is hidden as well. Time is linear.
std::string redact_pairs(std::string_view query, HiddenNames more = {});

// The same for the query of `text` (a path, a URL).
std::string redact_query(std::string_view text);

// `authority` without the user and password in front of '@' (RFC 3986 section 3.2.1).
std::string redact_userinfo(std::string_view authority);

}  // namespace woad
