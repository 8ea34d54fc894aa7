#include "proxy/server/process_metrics.h"

namespace woad {

std::vector<ExtraFamily> context_metrics(const ContextTable::Counters& counters) {
  return {one_sample("woad_context_table_entries", "Inbound requests whose context is remembered.",
                     true, counters.entries),
          one_sample("woad_context_table_evictions_total",
                     "Remembered contexts that gave way to newer ones before their time.", false,
                     counters.evictions),
          one_sample("woad_context_table_conflicts_total",
                     "Requests that made an id ambiguous: another context had it already.", false,
                     counters.conflicts),
          one_sample("woad_context_table_full_total",
                     "Requests not remembered, as every entry was of a running one.", false,
                     counters.full),
          one_sample("woad_context_carry_dropped_total",
                     "Requests whose carried headers found no room in the table.", false,
                     counters.carry_dropped)};
}

ExtraFamily memory_ceiling_metric(size_t bytes) {
  return one_sample("woad_memory_ceiling_bytes",
                    "What the process may hold before new requests are refused.", true, bytes);
}

std::vector<ExtraFamily> span_metrics(const OtlpExporter::Counts& counts) {
  ExtraFamily lost{"woad_spans_dropped_total", "Spans that never arrived, by why.", false, {}};
  for (size_t i = 0; i < kSpanLosses; ++i) {
    const auto reason = static_cast<SpanLoss>(i);
    lost.samples.push_back(
        {{{"reason", std::string(to_string(reason))}}, static_cast<double>(counts.of(reason))});
  }
  return {one_sample("woad_spans_exported_total", "Spans that the collector took.", false,
                     counts.delivered),
          std::move(lost)};
}

}  // namespace woad
