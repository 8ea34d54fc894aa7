// What a tap shows of a finished request: its access record and the fields of its head.
#pragma once

#include <string>

#include "proxy/http/headers.h"
#include "proxy/observe/access_record.h"

namespace woad {

// Of a value, in bytes before escaping; the rest is cut and shown as "...".
inline constexpr size_t kMaxTappedValue = 512;
// Fields of a head that are shown; further ones are left out.
inline constexpr size_t kMaxTappedHeaders = 64;

// Appends one JSON object and a newline: the keys of the access log, and "request_headers" of lower
// case name → value, or → list of values in order where a name comes more than once. Values that
// are secrets by their name are hidden, those of query keys in URLs too. As append_json_line() the
// line is valid whatever the values hold.
void append_tap_line(std::string& out, const AccessRecord& record, const Headers& headers);

}  // namespace woad
