// Continues traces or begins them, and records spans of those that are sampled.
#pragma once

#include "filters/trace/config.h"
#include "filters/trace/spans.h"
#include "proxy/filter/filter.h"

namespace woad {

// One an exchange, on the worker's thread. Ids that the request brought have been read and judged
// before the chain (proxy/context/trace_ids.h). A request that is not recorded keeps the
// traceparent it came with, byte for byte: a span that nobody exports must not become anybody's
// parent.
class TraceFilter final : public HttpFilter {
 public:
  using Settings = TraceSettings;
  static constexpr const config::Table<Settings>& kTable = kTraceTable;

  explicit TraceFilter(FilterContext& context);

  HeadVerdict on_request_head(RequestHead& head, bool end) override;
  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_outcome(const Outcome& outcome) override;
  void on_end(const ExchangeInfo& info) override;

 private:
  // The caller's span, or the one that `context` found; not valid when the parent was made here.
  SpanId known_parent() const;
  double share();
  bool recorded() const { return place_.span.valid(); }
  void begin_unseen();
  void finish_try();

  FilterContext& context_;
  const bool came_with_traceparent_;
  const bool came_with_trace_;
  const SpanId came_with_parent_;
  bool seen_ = false;  // the head has passed here
  SpanPlace place_;    // of the exchange; without a span nothing is recorded
  TriedSpan try_;      // the latest; without an id there is none
};

}  // namespace woad
