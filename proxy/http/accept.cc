#include "proxy/http/accept.h"

#include <algorithm>

namespace woad {

bool accepts(const Headers& headers, std::string_view type) {
  static const HeaderName kAccept("accept");
  return std::any_of(headers.begin(), headers.end(), [&](const Header& field) {
    return field.is(kAccept) && field.value.find(type) != std::string_view::npos;
  });
}

}  // namespace woad
