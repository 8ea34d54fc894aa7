#include "proxy/admin/query.h"

namespace woad {

std::vector<std::string_view> query_values(std::string_view query, std::string_view key) {
  std::vector<std::string_view> values;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    const size_t equals = item.find('=');
    if (item.substr(0, equals) == key) {
      values.push_back(equals == std::string_view::npos ? std::string_view()
                                                        : item.substr(equals + 1));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return values;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
  const auto values = query_values(query, key);
  if (values.empty()) return std::nullopt;
  return values.front();
}

}  // namespace woad
