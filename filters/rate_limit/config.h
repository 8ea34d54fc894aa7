// Settings of the rate_limit filter.
#pragma once

#include <optional>
#include <string>

#include "config/table.h"
#include "proxy/http/headers.h"

namespace woad {

// `count` requests every `per`.
struct Rate {
  uint64_t count = 0;  // 0: no limit
  Duration per = seconds(1);

  bool operator==(const Rate&) const = default;
};

// What requests share a bucket by.
struct RateKey {
  enum class Kind : uint8_t { kNone, kTenant, kColor, kPrincipal, kHeader };
  Kind kind = Kind::kNone;
  std::optional<HeaderName> header;  // with kHeader

  bool operator==(const RateKey&) const = default;
};

struct RateLimitSettings {
  Rate rate;
  uint32_t burst = 50;
  RateKey key;

  bool operator==(const RateLimitSettings&) const = default;
};

extern const config::Table<RateLimitSettings> kRateLimitTable;

// As in the file: "100/s".
std::string show(const Rate& rate);

}  // namespace woad
