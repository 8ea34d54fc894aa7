#include "proxy/base/rfc3339.h"

#include "proxy/base/strings.h"

namespace woad {

void append_rfc3339(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<milliseconds>(time - day));
  const auto number = [](auto value) { return static_cast<uint64_t>(value); };
  append_decimal(out, number(static_cast<int>(date.year())), 4);
  out += '-';
  append_decimal(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_decimal(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_decimal(out, number(clock.hours().count()), 2);
  out += ':';
  append_decimal(out, number(clock.minutes().count()), 2);
  out += ':';
  append_decimal(out, number(clock.seconds().count()), 2);
  out += '.';
  append_decimal(out, number(clock.subseconds().count()), 3);
  out += 'Z';
}

std::string rfc3339(WallTime time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

}  // namespace woad
