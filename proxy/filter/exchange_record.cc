#include "proxy/filter/exchange_record.h"

#include "proxy/base/context_value.h"
#include "proxy/observe/redact.h"

namespace woad {
namespace {

// "" when the request itself said it in a header, or nobody did.
std::string_view origin_of(ContextSource source) {
  switch (source) {
    case ContextSource::kNone:
    case ContextSource::kHeader: return {};
    case ContextSource::kBaggage: return "from baggage";
    case ContextSource::kTracestate: return "from tracestate";
    case ContextSource::kTable: return "from the inbound request with the same id";
    case ContextSource::kInferred: return "from the inbound requests, which all agree";
    case ContextSource::kDye: return "from a dye rule";
    case ContextSource::kInstance: return "from the labels of this pod";
  }
  return {};
}

std::string_view why_context(const ExchangeInfo& info, Arena& arena) {
  const std::string_view origin = origin_of(info.context_source);
  if (origin.empty()) return {};
  if (!info.color.empty()) return arena.join("color ", info.color, " ", origin);
  if (!info.tenant.empty()) return arena.join("tenant ", info.tenant, " ", origin);
  return arena.join("no color, ", origin);
}

std::string_view why_pool(const ExchangeInfo& info, std::string_view what, Arena& arena) {
  const std::string_view origin = origin_of(info.context_source);
  const std::string_view open = origin.empty() ? "" : " (";
  const std::string_view close = origin.empty() ? "" : ")";
  return arena.join("color ", info.color, open, origin, close, what, info.service, ", went to ",
                    info.pool);
}

// The sentence of an error, else why the pool is not that of the colour, else where a context came
// from that the request did not bring in a header.
std::string_view why_of(const ExchangeInfo& info, Arena& arena) {
  if (!info.why.empty()) return info.why;
  switch (info.pool_reason) {
    case PoolReason::kParent:
    case PoolReason::kBaseAbsent: return why_pool(info, " has no pool in ", arena);
    case PoolReason::kBaseUnhealthy: return why_pool(info, " has nobody to answer in ", arena);
    default: return why_context(info, arena);
  }
}

// Envoy's words, so that its dashboards can be kept.
std::string_view flags_of(const ExchangeInfo& info) {
  const bool gave_up = info.closed_by == ClosedBy::kDownstream && info.error == ErrorCode::kNone;
  return gave_up ? std::string_view("DC") : error_info(info.error).flag;
}

void read_trace_info(const TraceInfo& trace, AccessRecord& record, Arena& arena) {
  if (trace.trace.valid()) {
    auto* digits = static_cast<char*>(arena.allocate(kTraceIdDigits, 1));
    write_trace_id(digits, trace.trace);
    record.trace_id = {digits, kTraceIdDigits};
  }
  const SpanId span = trace.span.valid() ? trace.span : trace.parent;
  if (span.valid()) {
    auto* digits = static_cast<char*>(arena.allocate(kSpanIdDigits, 1));
    write_span_id(digits, span);
    record.span_id = {digits, kSpanIdDigits};
  }
  record.request_id = trace.request_id;
}

// Of `text` that may begin with an authority. Only what was refused has a user and password in it.
std::string_view without_userinfo(std::string_view text, Arena& arena) {
  return text.find('@') == std::string_view::npos ? text : arena.copy(redact_userinfo(text));
}

void read_request(const RequestHead& head, AccessRecord& record, Arena& arena) {
  record.method = head.method_name;
  record.path = shown_path(head, arena);
  record.authority = shown_authority(head, arena);
  record.protocol = to_string(head.protocol);
}

}  // namespace

std::string_view shown_path(const RequestHead& head, Arena& arena) {
  // A target that was refused may hold a fragment, too, or be a whole URL.
  const std::string_view path = head.path.substr(0, head.path.find_first_of("?#"));
  return path.starts_with('/') ? path : without_userinfo(path, arena);
}

std::string_view shown_authority(const RequestHead& head, Arena& arena) {
  return without_userinfo(head.authority, arena);
}

AccessRecord access_record_of(const ExchangeInfo& info, Arena& arena) {
  AccessRecord record;
  record.start_time = info.start_wall;
  record.direction = to_string(info.direction);
  if (info.request != nullptr) read_request(*info.request, record, arena);
  read_trace_info(info.trace, record, arena);
  record.response_code = info.status;
  record.response_flags = flags_of(info);
  record.duration = info.end - info.start;
  record.bytes_received = info.bytes_received;
  record.bytes_sent = info.bytes_sent;
  record.service = info.service;
  record.route = info.route;
  record.pool = info.pool;
  // Before the first try no pool was looked for.
  if (info.attempts > 0) record.pool_reason = to_string(info.pool_reason);
  record.color = info.color.empty() ? kBaseColor : info.color;
  record.tenant = info.tenant;
  record.ctx_source = to_string(info.context_source);
  record.upstream_host = info.upstream_host;
  record.attempts = info.attempts;
  record.peer = info.principal.empty() ? arena.copy(info.client.to_string()) : info.principal;
  record.error = error_info(info.error).code;
  record.why = why_of(info, arena);
  return record;
}

bool is_error(const ExchangeInfo& info) {
  return info.error != ErrorCode::kNone || info.status == 0 || info.status >= 500 ||
         info.closed_by != ClosedBy::kNobody;
}

}  // namespace woad
