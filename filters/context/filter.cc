#include "filters/context/filter.h"

#include <algorithm>

#include "filters/context/carried.h"
#include "filters/context/request_keys.h"
#include "proxy/context/carriers.h"
#include "proxy/context/trace_ids.h"
#include "proxy/observe/metrics.h"

namespace woad {
namespace {

// Whether the app is to be blamed for the request's lost context.
bool lost_by_app(ContextSource source) {
  return source == ContextSource::kNone || source == ContextSource::kDye ||
         source == ContextSource::kInstance;
}

}  // namespace

HeadVerdict ContextFilter::on_request_head(RequestHead& head, bool) {
  ExchangeInfo& info = context_.publish();
  WorkerMetrics& metrics = context_.metrics();
  if (info.probe) return Verdict::go();
  if (info.direction == Direction::kInbound) {
    enter(head);
  } else {
    recover(head);
    if (system_.table->live() > 0 && lost_by_app(info.context_source)) {
      metrics.count(Family::kContextUnattributed, {});
    }
  }
  metrics.count(Family::kContext, {metrics.intern(to_string(info.context_source))});
  return Verdict::go();
}

void ContextFilter::enter(RequestHead& head) {
  ExchangeInfo& info = context_.publish();
  complete_trace(head, info.trace, context_.random());
  info.caller_attempt = attempt_of(head.headers);
  if (info.color.empty()) dye(head);
  if (!values().empty()) plant_context(head.headers, values(), system_.rules, context_.metrics());
}

void ContextFilter::recover(RequestHead& head) {
  ExchangeInfo& info = context_.publish();
  const bool found = !system_.table->empty() && recover_from_table(head);
  if (!found && info.color.empty() && system_.rules.infer_unanimous) {
    const auto agreed = system_.unanimity->agreed(context_.arena(), context_.scheduler().now());
    if (agreed) {
      info.color = agreed->color;
      if (info.tenant.empty()) info.tenant = agreed->tenant;
      info.context_source = ContextSource::kInferred;
    }
  }
  // What is known of an undyed request may be its try alone.
  const bool origin_known = (found && (system_.rules.remembers_undyed || !values().empty())) ||
                            info.context_source == ContextSource::kInferred;
  if (!origin_known && info.color.empty() && !dye(head) && !system_.rules.instance_color.empty()) {
    info.color = system_.rules.instance_color;
    info.context_source = ContextSource::kInstance;
  }
  complete_trace(head, info.trace, context_.random());
  set_context_headers(head.headers, values(), system_.rules.names);
}

bool ContextFilter::recover_from_table(RequestHead& head) {
  const RequestKeys keys(head, context_.info().trace, system_);
  const MonoTime now = context_.scheduler().now();
  for (const ContextKey key : keys) {
    const ContextLookup lookup = system_.table->find(key, context_.arena(), now);
    if (lookup.kind != ContextLookup::Kind::kFound) continue;
    take(lookup.record, head);
    return true;
  }
  return false;
}

void ContextFilter::take(const ContextRecord& record, RequestHead& head) {
  ExchangeInfo& info = context_.publish();
  if (info.context_source == ContextSource::kNone) info.context_source = ContextSource::kTable;
  if (info.color.empty()) info.color = record.values.color;
  if (info.tenant.empty()) info.tenant = record.values.tenant;
  info.deadline = std::min(info.deadline, record.deadline);
  info.caller_attempt = record.attempt;
  if (!info.trace.trace.valid()) {
    info.trace.trace = record.trace;
    info.trace.parent = record.parent_span;
  }
  if (info.trace.request_id.empty() && !record.request_id.empty()) {
    info.trace.request_id = record.request_id;
    head.headers.add("x-request-id", record.request_id, HeaderId::kRequestId);
  }
  add_carried(head.headers, record.carried);
}

bool ContextFilter::dye(const RequestHead& head) {
  const auto& rules = system_.rules.dye;
  if (rules.empty()) return false;
  ExchangeInfo& info = context_.publish();
  char host[256];
  const MatchInput input{head, normal_host(head.authority, host), info.color, info.tenant,
                         info.principal};
  const DyeRule* rule = find_dye(rules, input, info.trace.request_id);
  if (rule == nullptr) return false;
  if (info.tenant.empty()) info.tenant = rule->tenant;
  info.color = rule->color;
  info.context_source = ContextSource::kDye;
  return true;
}

HeadVerdict ContextFilter::on_attempt(AttemptPlan& plan, RequestHead& head) {
  if (context_.info().probe) return Verdict::go();
  if (context_.info().direction == Direction::kInbound) {
    // At the first try: then every filter has let the request pass.
    if (plan.number == 1) remember(head);
  } else if (plan.service.external) {
    remove_context(head.headers, system_.rules.names);
  }
  return Verdict::go();
}

void ContextFilter::remember(const RequestHead& head) {
  const ExchangeInfo& info = context_.info();
  const MonoTime now = context_.scheduler().now();
  if (system_.rules.infer_unanimous) unanimity_ticket_ = system_.unanimity->join(values(), now);
  const bool recorded =
      !values().empty() || system_.rules.remembers_undyed || info.caller_attempt > 1;
  if (!recorded && system_.table->empty()) return;
  const RequestKeys keys(head, info.trace, system_);
  if (!recorded) {
    system_.table->contradict(keys.all(), now);
    return;
  }
  Carried carried(head.headers, system_.rules.names);
  if (carried.left_out() > 0) {
    WorkerMetrics& metrics = context_.metrics();
    metrics.count(Family::kContextUnplanted, {metrics.intern("carry")},
                  static_cast<int64_t>(carried.left_out()));
  }
  const SpanId here = info.trace.span.valid() ? info.trace.span : info.trace.parent;
  ticket_ = system_.table->record(keys.all(),
                                  {.values = values(),
                                   .carried = carried.fields(),
                                   .deadline = info.deadline,
                                   .attempt = info.caller_attempt,
                                   .parent_span = here,
                                   .trace = info.trace.trace,
                                   .request_id = info.trace.request_id},
                                  now);
}

void ContextFilter::on_end(const ExchangeInfo& info) {
  ticket_.finish(info.end);
  unanimity_ticket_.finish(info.end);
}

}  // namespace woad
