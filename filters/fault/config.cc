#include "filters/fault/config.h"

namespace woad {
namespace {

const config::Table<FaultDelay> kDelay{
    config::required<FaultDelay>({"percent", &FaultDelay::percent, "Share of requests that wait."}),
    config::required<FaultDelay>(
        {"for", &FaultDelay::time, config::duration(milliseconds(1)), "How long they wait."}),
};

const config::Table<FaultAbort> kAbort{
    config::required<FaultAbort>(
        {"percent", &FaultAbort::percent, "Share of requests that are answered at once."}),
    {"status", &FaultAbort::status, config::integer<uint32_t>(200, 599),
     "The status of that answer."},
};

}  // namespace

const config::Table<FaultSettings> kFaultTable{
    {"delay", &FaultSettings::delay, kDelay, "Delay before a request goes on."},
    {"abort", &FaultSettings::abort, kAbort, "Answers instead of going on."},
    {"only_dyed", &FaultSettings::only_dyed, "Leave requests without a colour alone."},
};

}  // namespace woad
