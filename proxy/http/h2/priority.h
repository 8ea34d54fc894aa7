// The client's wish for the order of answers: the Priority field. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace woad {

// RFC 9218 section 4; what it is without a word.
struct Priority {
  uint8_t urgency = 3;       // 0, the most urgent, to 7
  bool incremental = false;  // of use before it is whole
};

// Adds what one field says to `wish`; false, and `wish` as it was, when that is no priority.
// Unknown parameters are passed over.
bool read_priority(std::string_view value, Priority& wish);

}  // namespace woad
