// Settings of the retry filter.
#pragma once

#include <vector>

#include "config/table.h"

namespace woad {

// What a try can end with that another one may mend.
enum class RetryOn : uint8_t { kConnect, kRefused, kReset, kPerTry, k502, k503, k504 };
enum class RetryMethods : uint8_t { kIdempotent, kAny };
enum class RetryMode : uint8_t {
  kFailover,   // another endpoint, after the backoff
  kFailcache,  // one try more, after the pause
  kFailback,   // none: the caller is told when to come back
  kFailfast,   // none
};

struct RetryBackoff {
  Duration base = milliseconds(25);
  Duration max = milliseconds(250);

  bool operator==(const RetryBackoff&) const = default;
};

struct RetryBudgetSettings {
  config::Share ratio{0.2};
  uint32_t min_per_second = 3;

  bool operator==(const RetryBudgetSettings&) const = default;
};

struct RetrySettings {
  static constexpr uint32_t kMostAttempts = 10;

  uint32_t attempts = 1;
  std::vector<RetryOn> on{RetryOn::kConnect, RetryOn::kRefused, RetryOn::kReset, RetryOn::kPerTry,
                          RetryOn::k502,     RetryOn::k503,     RetryOn::k504};
  RetryMethods methods = RetryMethods::kIdempotent;
  RetryBackoff backoff{};
  RetryBudgetSettings budget{};
  RetryMode mode = RetryMode::kFailover;
  Duration pause = seconds(1);

  bool operator==(const RetrySettings&) const = default;
};

extern const config::Table<RetrySettings> kRetryTable;

}  // namespace woad
