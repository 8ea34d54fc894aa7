// Keys and values of a query (`a=1&b=2`), compared percent-decoded, '+' as a space. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "proxy/base/arena.h"

namespace woad {

// The value of the first pair with that key, "" for a key without '='; nullopt when none has it. A
// view into `query`, or into `arena` when it had to be decoded.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key,
                                            Arena& arena);

// How many pairs have that key, with a value or without.
size_t count_query_key(std::string_view query, std::string_view key);

}  // namespace woad
