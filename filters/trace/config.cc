#include "filters/trace/config.h"

namespace woad {

const config::Table<TraceSettings> kTraceTable{
    {"sample", &TraceSettings::sample,
     "Share of the traces that begin here and are recorded, instead of tracing.sample."},
};

}  // namespace woad
