// Lets so many requests pass in a time and answers the rest with 429.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "filters/rate_limit/buckets.h"
#include "filters/rate_limit/config.h"
#include "proxy/filter/filter.h"

namespace woad {

// The buckets of one place in the file. Any thread.
class RateLimitState {
 public:
  explicit RateLimitState(const RateLimitSettings& settings);

  // Zero: the request may pass; else how long until one may.
  Duration take(std::string_view key, MonoTime now);

 private:
  BucketShape shape_;
  std::atomic<int64_t> full_at_{0};    // without a key
  std::optional<BucketTable> by_key_;  // with one
};

// One an exchange, on the worker's thread.
class RateLimitFilter final : public HttpFilter {
 public:
  using Settings = RateLimitSettings;
  using State = RateLimitState;
  static constexpr const config::Table<Settings>& kTable = kRateLimitTable;

  explicit RateLimitFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override;

 private:
  // Requests without a value share the bucket of the empty one.
  std::string_view key_of(const RateKey& key, const RequestHead& head) const;
  Verdict refuse(const Settings& settings, Duration wait) const;

  FilterContext& context_;
};

}  // namespace woad
