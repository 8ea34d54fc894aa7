#include "filters/retry/config.h"

#include "config/at_most.h"

namespace woad {
namespace {

using config::Diagnostics;
using config::Node;

config::Shape<RetryOn> cause() {
  return config::words<RetryOn>({{"connect", RetryOn::kConnect},
                                 {"refused", RetryOn::kRefused},
                                 {"reset", RetryOn::kReset},
                                 {"per_try", RetryOn::kPerTry},
                                 {"502", RetryOn::k502},
                                 {"503", RetryOn::k503},
                                 {"504", RetryOn::k504}});
}

config::Shape<RetryMethods> methods() {
  return config::words<RetryMethods>(
      {{"idempotent", RetryMethods::kIdempotent}, {"any", RetryMethods::kAny}});
}

config::Shape<RetryMode> mode() {
  return config::words<RetryMode>({{"failover", RetryMode::kFailover},
                                   {"failback", RetryMode::kFailback},
                                   {"failcache", RetryMode::kFailcache},
                                   {"failfast", RetryMode::kFailfast}});
}

const config::Table<RetryBackoff> kBackoff{
    {{"base", &RetryBackoff::base, config::duration(milliseconds(1)),
      "The longest wait before the first try more; it doubles with each."},
     {"max", &RetryBackoff::max, config::duration(milliseconds(1)), "Where the doubling ends."}},
    [](const RetryBackoff& backoff, const Node& node, Diagnostics& diagnostics) {
      config::check_at_most({"base", backoff.base}, {"max", backoff.max},
                            "at which its doubling ends", node, diagnostics);
    }};

const config::Table<RetryBudgetSettings> kBudget{
    {"ratio", &RetryBudgetSettings::ratio, config::share(),
     "Tries more as a share of the requests of the last 10 s, in each pool."},
    {"min_per_second", &RetryBudgetSettings::min_per_second,
     config::integer<uint32_t>(0, 1'000'000), "So many a second are allowed beside it."},
};

}  // namespace

const config::Table<RetrySettings> kRetryTable{
    {"attempts", &RetrySettings::attempts,
     config::integer<uint32_t>(0, RetrySettings::kMostAttempts),
     "Tries more, behind the first; 0: none."},
    {"on", &RetrySettings::on, config::list_of(cause()), "How a try must have ended."},
    {"methods", &RetrySettings::methods, methods(),
     "Which methods are sent again when the upstream may have seen them: idempotent, or any."},
    {"backoff", &RetrySettings::backoff, kBackoff, "How long to wait before each."},
    {"budget", &RetrySettings::budget, kBudget, "How many there may be in all."},
    {"mode", &RetrySettings::mode, mode(), "What follows a failed try."},
    {"pause", &RetrySettings::pause, config::duration(milliseconds(1)),
     "How long failcache waits before its one try more."},
};

}  // namespace woad
