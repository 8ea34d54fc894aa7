#include "filters/circuit_breaker/config.h"

#include "config/at_most.h"

namespace woad {
namespace {

using config::Diagnostics;
using config::Node;

constexpr uint32_t kMost = 1'000'000;
constexpr std::string_view kDoublingEnds = "at which its doubling ends";

config::Shape<config::Share> share_above_zero() {
  return config::where<config::Share>(config::share(), [](const config::Share& share) {
    return share.value > 0 ? "" : "must be above 0%";
  });
}

config::Shape<Duration> window() {
  return config::where<Duration>(config::duration(seconds(1)), [](const Duration& window) {
    return window <= TryWindow::kLongest
               ? std::string()
               : "is longer than the " + config::show(TryWindow::kLongest) + " that are remembered";
  });
}

const config::Table<EjectSettings> kEject{
    {{"consecutive", &EjectSettings::consecutive, config::integer<uint32_t>(1, kMost),
      "Gateway failures in a row that put an instance out."},
     {"base", &EjectSettings::base, config::duration(milliseconds(1)),
      "How long it is out the first time, and up to half of it more."},
     {"max", &EjectSettings::max, config::duration(milliseconds(1)),
      "Where the doubling of that ends."},
     {"max_share", &EjectSettings::max_share, config::share(),
      "How much of a pool may be out at once, rounded down; never its last instance."}},
    [](const EjectSettings& eject, const Node& node, Diagnostics& diagnostics) {
      config::check_at_most({"base", eject.base}, {"max", eject.max}, kDoublingEnds, node,
                            diagnostics);
    }};

}  // namespace

const config::Table<CircuitBreakerSettings> kCircuitBreakerTable{
    {{"max_requests", &CircuitBreakerSettings::max_requests, config::integer<uint32_t>(1, kMost),
      "Requests under way in a pool at once."},
     {"max_pending", &CircuitBreakerSettings::max_pending, config::integer<uint32_t>(0, kMost),
      "Requests that wait for room there at once, up to 1s each."},
     {"window", &CircuitBreakerSettings::window, window(), "The time that is looked back on."},
     {"min_requests", &CircuitBreakerSettings::min_requests, config::integer<uint32_t>(1, kMost),
      "Tries in the window before it may open."},
     {"failure_ratio", &CircuitBreakerSettings::failure_ratio, share_above_zero(),
      "The share of them that failed at which it opens."},
     {"open", &CircuitBreakerSettings::open, config::duration(milliseconds(1)),
      "How long it is open the first time."},
     {"open_max", &CircuitBreakerSettings::open_max, config::duration(milliseconds(1)),
      "Where the doubling of that ends."},
     {"probes", &CircuitBreakerSettings::probes, config::integer<uint32_t>(1, Breaker::kMostProbes),
      "Tries that are let through half-open, and must all be good to close it."},
     {"eject", &CircuitBreakerSettings::eject, kEject, "When an instance is put out of its pool."}},
    [](const CircuitBreakerSettings& settings, const Node& node, Diagnostics& diagnostics) {
      config::check_at_most({"open", settings.open}, {"open_max", settings.open_max}, kDoublingEnds,
                            node, diagnostics);
    }};

}  // namespace woad
