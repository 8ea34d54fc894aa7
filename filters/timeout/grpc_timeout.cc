#include "filters/timeout/grpc_timeout.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/base/timer_wheel.h"

namespace woad {
namespace {

constexpr size_t kMaxDigits = 8;
constexpr int64_t kMaxValue = 99'999'999;

Duration unit_of(char letter) {
  switch (letter) {
    case 'H': return hours(1);
    case 'M': return minutes(1);
    case 'S': return seconds(1);
    case 'm': return milliseconds(1);
    case 'u': return microseconds(1);
    case 'n': return Duration(1);
    default: return Duration(0);
  }
}

}  // namespace

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > kMaxDigits + 1) return std::nullopt;
  const Duration unit = unit_of(text.back());
  const auto value = parse_decimal(text.substr(0, text.size() - 1));
  if (unit == Duration(0) || !value) return std::nullopt;
  const auto count = static_cast<int64_t>(*value);
  if (count > TimerWheel::kLongest / unit) return TimerWheel::kLongest;
  return count * unit;
}

std::string_view write_grpc_timeout(Duration left, Arena& arena) {
  constexpr char kLetters[] = {'n', 'u', 'm', 'S', 'M', 'H'};
  size_t i = 0;
  while (i + 1 < sizeof kLetters && left / unit_of(kLetters[i]) > kMaxValue) ++i;
  const int64_t count = std::clamp<int64_t>(left / unit_of(kLetters[i]), 1, kMaxValue);
  auto* text = static_cast<char*>(arena.allocate(21, 1));
  size_t size = write_decimal(text, static_cast<uint64_t>(count));
  text[size++] = kLetters[i];
  return {text, size};
}

}  // namespace woad
