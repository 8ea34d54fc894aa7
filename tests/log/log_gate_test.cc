#include "proxy/log/log_gate.h"

#include <doctest/doctest.h>

using namespace woad;

namespace {

TEST_CASE("log gate: so many lines a second, the rest are counted") {
  LogGate gate;
  const MonoTime begin(seconds(1000));
  const auto admitted = [&](MonoTime now, uint32_t tries) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < tries; ++i) count += gate.admit(now) ? 1 : 0;
    return count;
  };
  CHECK(admitted(begin, LogGate::kPerSecond) == LogGate::kPerSecond);
  CHECK(gate.take_untold() == "0");
  CHECK(admitted(begin + milliseconds(999), 5) == 0);
  CHECK(admitted(begin + seconds(1), 1) == 1);
  CHECK(gate.take_untold() == "5");
  CHECK(gate.take_untold() == "0");
  CHECK(admitted(begin + milliseconds(1500), 100) == LogGate::kPerSecond - 1);
  CHECK(admitted(begin + hours(1), 100) == LogGate::kPerSecond);
  CHECK(gate.take_untold() ==
        std::to_string(101 - LogGate::kPerSecond + 100 - LogGate::kPerSecond));
}

}  // namespace
