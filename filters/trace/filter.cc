#include "filters/trace/filter.h"

#include "proxy/context/trace_ids.h"
#include "proxy/observe/span_queue.h"

namespace woad {

TraceFilter::TraceFilter(FilterContext& context)
    : context_(context),
      came_with_traceparent_(context.info().request->headers.find(HeaderId::kTraceparent) !=
                             nullptr),
      came_with_trace_(context.info().trace.trace.valid()),
      came_with_parent_(context.info().trace.parent) {}

// A request without ids may have got some from `context` meanwhile: those of the inbound request
// that it serves, or new ones with a parent that is nobody's span.
SpanId TraceFilter::known_parent() const {
  const ExchangeInfo& info = context_.info();
  if (came_with_trace_) return came_with_parent_;
  return info.context_source == ContextSource::kTable ? info.trace.parent : SpanId{};
}

double TraceFilter::share() {
  const Settings& settings = context_.settings<Settings>();
  if (settings.sample) return settings.sample->value;
  const SpanQueue* spans = context_.spans();
  return spans == nullptr ? 0 : spans->sample();
}

HeadVerdict TraceFilter::on_request_head(RequestHead& head, bool) {
  seen_ = true;
  TraceInfo& trace = context_.publish().trace;
  const SpanId parent = known_parent();
  complete_trace(head, trace, context_.random());
  if (!trace.decided) trace.sampled = in_sampled_share(trace.trace, share());
  if (!trace.sampled) return Verdict::go();
  if (context_.spans() == nullptr) {
    // What was made here says what was decided; what came stays as it is.
    if (!came_with_traceparent_) set_traceparent(head.headers, trace.trace, trace.parent, true);
    return Verdict::go();
  }
  trace.span = make_span_id(context_.random());
  place_ = {trace.span, parent};
  set_trace_fields(head.headers, trace.trace, place_);
  return Verdict::go();
}

HeadVerdict TraceFilter::on_attempt(AttemptPlan& plan, RequestHead& head) {
  const ExchangeInfo& info = context_.info();
  if (!recorded() || info.direction == Direction::kInbound) return Verdict::go();
  finish_try();
  try_ = {.id = make_span_id(context_.random()),
          .number = plan.number,
          .start = context_.scheduler().wall()};
  set_trace_fields(head.headers, info.trace.trace, {try_.id, place_.span});
  return Verdict::go();
}

// An accepted try lasts until its response has passed, or until another one begins after all; one
// that was not made leaves no span.
void TraceFilter::on_outcome(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::kNotMade) try_ = {};
  if (!try_.id.valid()) return;
  try_.status = outcome.status();
  try_.error = outcome.error;
  try_.end = context_.scheduler().wall();
  if (outcome.kind != Outcome::Kind::kAccepted) finish_try();
}

void TraceFilter::finish_try() {
  if (!try_.id.valid()) return;
  if (Span* span = context_.spans()->begin()) {
    describe_try(*span, context_.info(), try_, place_.span);
    context_.spans()->commit();
  }
  try_ = {};
}

// Refused before it came here, by a rule that stands before the chain or by a filter before this
// one. It has a span when it brought a trace; nobody looks for one that begins with a refusal.
void TraceFilter::begin_unseen() {
  TraceInfo& trace = context_.publish().trace;
  const SpanQueue* spans = context_.spans();
  if (spans == nullptr || !trace.trace.valid()) return;
  if (!trace.decided) trace.sampled = in_sampled_share(trace.trace, spans->sample());
  if (!trace.sampled) return;
  trace.span = make_span_id(context_.random());
  place_ = {trace.span, came_with_parent_};
}

void TraceFilter::on_end(const ExchangeInfo& info) {
  if (!seen_) begin_unseen();
  if (!recorded()) return;
  if (try_.id.valid()) {  // accepted
    try_.end = info.start_wall + (info.end - info.start);
    if (info.error != ErrorCode::kNone) try_.error = info.error;
    finish_try();
  }
  if (Span* span = context_.spans()->begin()) {
    describe_exchange(*span, info, place_);
    context_.spans()->commit();
  }
}

}  // namespace woad
