#include "filters/access_log/record.h"

#include <algorithm>
#include <initializer_list>

#include "proxy/base/context_value.h"

namespace woad {
namespace {

std::string_view join(Arena& arena, std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  auto* text = static_cast<char*>(arena.allocate(size, 1));
  char* at = text;
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return {text, size};
}

// The sentence of an error, else why the pool is not that of the colour.
std::string_view why_of(const ExchangeInfo& info, Arena& arena) {
  if (!info.why.empty()) return info.why;
  switch (info.pool_reason) {
    case PoolReason::kParent:
    case PoolReason::kBaseAbsent:
      return join(
          arena, {"color ", info.color, " has no pool in ", info.service, ", went to ", info.pool});
    case PoolReason::kBaseUnhealthy:
      return join(arena, {"color ", info.color, " has nobody to answer in ", info.service,
                          ", went to ", info.pool});
    default: return {};
  }
}

// Envoy's words, so that its dashboards can be kept.
std::string_view flags_of(const ExchangeInfo& info) {
  const bool gave_up = info.closed_by == ClosedBy::kDownstream && info.error == ErrorCode::kNone;
  return gave_up ? std::string_view("DC") : error_info(info.error).flag;
}

// version "-" trace-id "-" parent-id "-" flags (W3C Trace Context section 3.2).
void read_traceparent(std::string_view value, AccessRecord& record) {
  constexpr size_t kLength = 55;
  const bool whole =
      value.size() >= kLength && value[2] == '-' && value[35] == '-' && value[52] == '-';
  if (!whole) return;
  record.trace_id = value.substr(3, 32);
  record.span_id = value.substr(36, 16);
}

void read_request(const RequestHead& head, AccessRecord& record) {
  record.method = head.method_name;
  record.path = head.path;
  record.authority = head.authority;
  record.protocol = to_string(head.protocol);
  for (const Header& field : head.headers) {
    if (field.id == HeaderId::kRequestId) record.request_id = field.value;
    if (field.id == HeaderId::kTraceparent) read_traceparent(field.value, record);
  }
}

}  // namespace

AccessRecord access_record_of(const ExchangeInfo& info, Arena& arena) {
  AccessRecord record;
  record.start_time = info.start_wall;
  record.direction = to_string(info.direction);
  if (info.request != nullptr) read_request(*info.request, record);
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
  record.peer = info.peer;
  record.error = error_info(info.error).code;
  record.why = why_of(info, arena);
  return record;
}

bool is_error(const ExchangeInfo& info) {
  return info.error != ErrorCode::kNone || info.status == 0 || info.status >= 500 ||
         info.closed_by != ClosedBy::kNobody;
}

}  // namespace woad
