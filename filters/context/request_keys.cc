#include "filters/context/request_keys.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/context/trace_ids.h"
#include "proxy/observe/b3.h"

namespace woad {
namespace {

// The trace id that B3 has beside traceparent's, in the encoding asked for.
TraceId b3_trace_id(const RequestHead& head, const CorrelationId& id) {
  const Header* field = head.headers.find(id.header);
  if (field == nullptr) return {};
  const std::string_view value = trim(field->value);
  if (id.kind == CorrelationId::Kind::kB3) {
    const auto b3 = parse_b3_single(value);
    return b3 ? b3->trace : TraceId{};
  }
  return parse_b3_trace_id(value);
}

}  // namespace

RequestKeys::RequestKeys(const RequestHead& head, const TraceInfo& trace,
                         const ContextSystem& system) {
  using Kind = CorrelationId::Kind;
  const ContextTable& table = *system.table;
  for (const CorrelationId& id : system.rules.ids) {
    if (size_ == keys_.size()) return;
    switch (id.kind) {
      case Kind::kTraceparent:
        if (trace.trace.valid()) add(table.trace_key(trace.trace));
        break;
      case Kind::kB3:
      case Kind::kB3Multi:
        if (const TraceId b3 = b3_trace_id(head, id); b3.valid()) add(table.trace_key(b3));
        break;
      case Kind::kRequestId:
        if (!trace.request_id.empty()) add(table.header_key(id.header.text, trace.request_id));
        break;
      case Kind::kHeader:
        if (const Header* field = head.headers.find(id.header); field && !field->value.empty()) {
          add(table.header_key(id.header.text, field->value));
        }
        break;
    }
  }
}

void RequestKeys::add(ContextKey key) {
  if (std::find(begin(), end(), key) == end()) keys_[size_++] = key;
}

}  // namespace woad
