#include "filters/timeout/config.h"

namespace woad {

const config::Table<TimeoutSettings> kTimeoutTable{
    {"request", &TimeoutSettings::request, config::duration_or_off(),
     "How long the response may take to start, all tries together. gRPC calls have their own."},
    {"per_try", &TimeoutSettings::per_try, config::duration_or_off(),
     "How long one try may take until its response starts."},
    {"idle", &TimeoutSettings::idle, config::duration_or_off(), "How long a body may stand still."},
};

}  // namespace woad
