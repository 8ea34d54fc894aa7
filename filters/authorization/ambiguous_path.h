// Paths that two servers may read as two different ones.
//
// A rule judges the very bytes that are forwarded; what the app makes of `%2e%2e/` or `//` decides
// whether that was the same resource. So where rules name paths, only a path passes that is its own
// normal form (RFC 3986 section 6.2.2) and hides no delimiter. Pure; any thread.
#pragma once

#include <string_view>

namespace woad {

// `path`: without the query; "*" (OPTIONS *) is clear. "" when it is clear, else what makes it
// ambiguous, as words for a sentence; static text, none of the path's bytes.
std::string_view path_ambiguity(std::string_view path);

}  // namespace woad
