#include "proxy/admin/query.h"

#include "proxy/base/strings.h"

namespace woad {

std::vector<std::string_view> query_values(std::string_view query, std::string_view key) {
  std::vector<std::string_view> values;
  for_each_query_pair(query, [&](std::string_view its_key, std::string_view value) {
    if (its_key == key) values.push_back(value);
    return true;
  });
  return values;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
  const auto values = query_values(query, key);
  if (values.empty()) return std::nullopt;
  return values.front();
}

}  // namespace woad
