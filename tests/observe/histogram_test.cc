#include "proxy/observe/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "proxy/base/random.h"

namespace woad {
namespace {

TEST_CASE("quantiles are within a sixteenth of the true ones") {
  Random random(3);
  Histogram histogram;
  std::vector<double> all;
  for (int i = 0; i < 20'000; ++i) {
    // Spread over six decades, as latencies are: 1 us to over a minute.
    const auto us = static_cast<int64_t>(1 + random.below(uint64_t{1} << (1 + random.below(26))));
    histogram.record(microseconds(us));
    all.push_back(static_cast<double>(us) * 1e-6);
  }
  std::sort(all.begin(), all.end());
  CHECK(histogram.count() == all.size());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    CAPTURE(share);
    const auto rank = static_cast<size_t>(share * static_cast<double>(all.size()) + 0.5);
    const double exact = all[std::clamp<size_t>(rank, 1, all.size()) - 1];
    CHECK(histogram.quantile(share) >= exact * 0.999);
    CHECK(histogram.quantile(share) <= exact * (1 + 1.0 / 16) + 1.1e-6);
  }
}

TEST_CASE("at_most() grows, and ends with everything") {
  Histogram histogram;
  for (int ms = 1; ms <= 1000; ++ms) histogram.record(milliseconds(ms));
  uint64_t before = 0;
  for (const double bound : {0.0005, 0.001, 0.01, 0.1, 0.5, 1.1, 100.0}) {
    const uint64_t count = histogram.at_most(bound);
    CHECK(count >= before);
    CHECK(static_cast<double>(count) <= bound * 1000);
    before = count;
  }
  CHECK(histogram.at_most(0.0005) == 0);
  CHECK(histogram.at_most(1.1) == 1000);
  CHECK(histogram.sum_seconds() == doctest::Approx(500.5));
}

TEST_CASE("ends of the range, nothing recorded, merging") {
  Histogram histogram;
  CHECK(histogram.quantile(0.5) == 0);
  histogram.record(Duration(0));
  CHECK(histogram.quantile(0.5) <= 1e-6);
  histogram.record(hours(48));
  CHECK(histogram.quantile(1) > 3600);
  Histogram other;
  other.record(milliseconds(1));
  other.merge(histogram);
  CHECK(other.count() == 3);
  CHECK(other.quantile(0.5) == doctest::Approx(0.001).epsilon(0.07));
}

}  // namespace
}  // namespace woad
