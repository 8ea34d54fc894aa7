#include "proxy/base/rfc3339.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace woad {

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
