#include "filters/timeout/config.h"

#include "config/at_most.h"

namespace woad {

const config::Table<TimeoutSettings> kTimeoutTable{
    {{"request", &TimeoutSettings::request, config::duration_or_off(),
      "How long the response may take to start, all tries together. gRPC calls have their own."},
     {"per_try", &TimeoutSettings::per_try, config::duration_or_off(),
      "How long one try may take until its response starts."},
     {"idle", &TimeoutSettings::idle, config::duration_or_off(),
      "How long a body may stand still."}},
    [](const TimeoutSettings& settings, const config::Node& node,
       config::Diagnostics& diagnostics) {
      if (settings.request == Duration(0)) return;
      config::check_at_most({"per_try", settings.per_try}, {"request", settings.request},
                            "in which all tries have to end", node, diagnostics);
    }};

}  // namespace woad
