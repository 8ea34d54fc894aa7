// Points in time as the records of a store say them. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "proxy/base/time.h"

namespace woad::control {

// Milliseconds since 1970; 0 is no time at all.
inline int64_t to_millis(WallTime time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

// What somebody else may have written: no number, or one out of bounds (the year 2200), is 0.
inline WallTime from_millis(const nlohmann::json& value) {
  constexpr int64_t kLatest = 7'258'118'400'000;
  if (!value.is_number_integer()) return {};
  const auto millis = value.get<int64_t>();
  return WallTime(milliseconds(millis < 0 || millis > kLatest ? 0 : millis));
}

}  // namespace woad::control
