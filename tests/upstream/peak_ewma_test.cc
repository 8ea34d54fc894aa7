#include "proxy/upstream/peak_ewma.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

constexpr MonoTime kStart{};

double ms(const PeakEwma& latency, MonoTime now) { return latency.at(now) / 1e6; }

TEST_CASE("peak_ewma: nothing is known before the first answer") {
  const PeakEwma latency;
  CHECK_FALSE(latency.known());
  CHECK(latency.at(kStart) == 0);
}

TEST_CASE("peak_ewma: a longer time counts at once, a shorter one by and by") {
  PeakEwma latency;
  latency.observe(milliseconds(10), kStart);
  CHECK(ms(latency, kStart) == doctest::Approx(10));
  latency.observe(milliseconds(500), kStart + milliseconds(1));
  CHECK(ms(latency, kStart + milliseconds(1)) == doctest::Approx(500));
  const MonoTime later = kStart + milliseconds(1) + PeakEwma::kDecay;
  CHECK(ms(latency, later) == doctest::Approx(500 / std::exp(1)));
  latency.observe(milliseconds(10), later);
  CHECK(ms(latency, later) == doctest::Approx(500 / std::exp(1) + 10 * (1 - 1 / std::exp(1))));
}

TEST_CASE("peak_ewma: many short answers bring it down, and so does silence") {
  PeakEwma busy;
  PeakEwma silent;
  busy.observe(milliseconds(900), kStart);
  silent.observe(milliseconds(900), kStart);
  MonoTime now = kStart;
  for (int i = 0; i < 600; ++i) busy.observe(milliseconds(5), now += milliseconds(100));
  CHECK(ms(busy, now) < 8);
  CHECK(ms(busy, now) > 4);
  CHECK(ms(silent, now) < 3);
}

TEST_CASE("peak_ewma: what fails, and what nobody waited for") {
  PeakEwma failed;
  failed.observe_failure(microseconds(50), kStart);
  CHECK(ms(failed, kStart) == doctest::Approx(1000));
  failed.observe_failure(seconds(3), kStart);
  CHECK(ms(failed, kStart) == doctest::Approx(3000));
  PeakEwma left;
  left.observe_unanswered(milliseconds(80), kStart);
  CHECK(ms(left, kStart) == doctest::Approx(80));
  left.observe_unanswered(milliseconds(20), kStart);
  CHECK(ms(left, kStart) == doctest::Approx(80));
}

}  // namespace
