#include "proxy/http/retry_after.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr Duration kLongest = hours(24);

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
  if (const auto given = parse_decimal(value)) {
    return std::min<Duration>(seconds(std::min<uint64_t>(*given, kLongest / seconds(1))), kLongest);
  }
  std::tm date{};
  const std::string text(value);
  const char* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0' || text.size() != value.size()) return std::nullopt;
  const auto at = std::chrono::system_clock::from_time_t(timegm(&date));
  return std::clamp<Duration>(WallTime(at) - now, Duration(0), kLongest);
}

}  // namespace woad
