// JSON as plain values, in linear time: the library looks every key of an ordered object up among
// all those before it.
#pragma once

#include <string_view>

#include "proxy/base/result.h"
#include "proxy/yaml/value.h"

namespace woad::yaml {

// The error: it is no JSON, is deeper than kMaxDepth, or has a key twice (named by its path).
Result<Value> json_value(std::string_view text);

}  // namespace woad::yaml
