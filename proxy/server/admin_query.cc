#include "proxy/server/admin_query.h"

#include <array>
#include <cstdio>
#include <ctime>

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

std::string rfc3339(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time);
  const auto millis = std::chrono::duration_cast<milliseconds>(time - whole).count();
  const auto unix_seconds = static_cast<time_t>(whole.time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&unix_seconds, &parts);
  std::array<char, 32> day{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", day.data(), static_cast<int>(millis));
  return text.data();
}

}  // namespace woad
