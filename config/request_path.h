// Paths in the file that go out as they are written: in a request line, a Location, a :path.
#pragma once

#include <string>
#include <string_view>

#include "config/shape.h"

namespace woad::config {

// From a '/', in characters that may stand in a URL (RFC 3986 section 2; the rest is
// percent-encoded there), without a query.
Shape<std::string> request_path();

// The same, with or without a query.
Shape<std::string> request_target();
// Why the text is none; "": it is one.
std::string fault_of_request_target(std::string_view text);

}  // namespace woad::config
