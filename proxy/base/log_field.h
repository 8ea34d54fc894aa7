// A detail of a line of the process log.
#pragma once

#include <initializer_list>
#include <string_view>

namespace woad {

// Beside the sentence; views need to live for the call alone.
struct LogField {
  std::string_view key;
  std::string_view value;
};
using LogFields = std::initializer_list<LogField>;

}  // namespace woad
