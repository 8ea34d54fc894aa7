#include "proxy/http/h2/priority.h"

#include "proxy/base/strings.h"

namespace woad {

bool read_priority(std::string_view value, Priority& wish) {
  Priority read = wish;
  bool right = true;
  for_each_list_item(value, [&](std::string_view item) {
    const std::string_view said = trim(item.substr(0, item.find(';')));
    if (said == "i" || said == "i=?1") {
      read.incremental = true;
    } else if (said == "i=?0") {
      read.incremental = false;
    } else if (said.starts_with("u=")) {
      right = said.size() == 3 && said[2] >= '0' && said[2] <= '7';
      if (right) read.urgency = static_cast<uint8_t>(said[2] - '0');
    } else if (said.starts_with("i=") || said == "u") {
      right = false;
    }
    return right;
  });
  if (right) wish = read;
  return right;
}

}  // namespace woad
