// Which requests somebody who taps wants to see.
#pragma once

#include <string>

#include "proxy/observe/access_record.h"

namespace woad {

// All conditions must hold; one that was left out holds always. Immutable once used; any thread.
struct TapFilter {
  std::string color{};    // as in the record, so "base" is undyed; "": any
  std::string tenant{};   // "": any
  std::string service{};  // "": any
  std::string path{};     // prefix of the path, by whole segments; "": any
  int lowest_status = 0;  // the client got no answer: 0
  int highest_status = 599;

  bool matches(const AccessRecord& record) const;
};

}  // namespace woad
