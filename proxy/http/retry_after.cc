#include "proxy/http/retry_after.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr seconds kLongest = hours(24);

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
  if (const auto given = parse_decimal(value)) {
    return seconds(std::min<uint64_t>(*given, kLongest.count()));
  }
  std::tm date{};
  const std::string text(value);
  const char* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0' || text.size() != value.size()) return std::nullopt;
  // In seconds: the year 9999 has no place on a clock of nanoseconds.
  const seconds wait = seconds(timegm(&date)) - std::chrono::floor<seconds>(now.time_since_epoch());
  return std::clamp<seconds>(wait, seconds(0), kLongest);
}

}  // namespace woad
