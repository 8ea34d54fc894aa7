#include "proxy/admin/context.h"

#include <nlohmann/json.hpp>

#include "proxy/base/json.h"
#include "proxy/base/strings.h"
#include "proxy/context/trace_ids.h"
#include "proxy/observe/b3.h"
#include "proxy/observe/redact.h"
#include "proxy/observe/trace_context.h"

namespace woad {
namespace {

using Json = nlohmann::ordered_json;

struct Candidate {
  std::string kind;
  ContextKey key;
};

std::vector<Candidate> candidates(const ContextSystem& system, std::string_view id) {
  std::vector<Candidate> all;
  const ContextTable& table = *system.table;
  if (const auto parent = parse_traceparent(id)) {
    all.push_back({"traceparent", table.trace_key(parent->trace)});
  }
  if (const auto b3 = parse_b3_single(id); b3 && b3->trace.valid()) {
    all.push_back({"b3", table.trace_key(b3->trace)});
  }
  if (const TraceId trace = parse_b3_trace_id(lower(id)); trace.valid()) {
    all.push_back({"trace id", table.trace_key(trace)});
  }
  for (const CorrelationId& each : system.rules.ids) {
    const bool by_value =
        each.kind == CorrelationId::Kind::kRequestId || each.kind == CorrelationId::Kind::kHeader;
    if (by_value) all.push_back({each.header.text, table.header_key(each.header.text, id)});
  }
  return all;
}

std::string hex(SpanId id) {
  char digits[kSpanIdDigits];
  return {digits, write_span_id(digits, id)};
}

std::string hex(TraceId id) {
  char digits[kTraceIdDigits];
  return {digits, write_trace_id(digits, id)};
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(std::string(text));
}

Json record_json(const ContextLookup& lookup, MonoTime now) {
  const ContextRecord& record = lookup.record;
  Json carried = Json::array();
  for (const CarriedHeader& field : record.carried) {
    const std::string_view value = is_secret_name(field.name) ? kRedacted : field.value;
    carried.push_back({{"name", std::string(field.name)}, {"value", std::string(value)}});
  }
  Json json{
      {"color", text_or_null(record.values.color)},
      {"tenant", text_or_null(record.values.tenant)},
      {"trace_id", record.trace.valid() ? Json(hex(record.trace)) : Json(nullptr)},
      {"parent_span", record.parent_span.valid() ? Json(hex(record.parent_span)) : Json(nullptr)},
      {"request_id", text_or_null(record.request_id)},
      {"attempt", record.attempt},
      {"deadline_ms", nullptr},
      {"carried", lookup.carried_unknown ? Json(nullptr) : std::move(carried)}};
  if (record.deadline != MonoTime::max()) {
    json["deadline_ms"] = (record.deadline - now) / milliseconds(1);
  }
  return json;
}

}  // namespace

std::optional<std::string> context_json(const ContextSystem& system, std::string_view id,
                                        MonoTime now) {
  ArenaPool chunks;
  Arena arena(chunks);
  for (const Candidate& each : candidates(system, id)) {
    const auto found = system.table->describe(each.key, arena, now);
    if (!found) continue;
    const bool ambiguous = found->lookup.kind == ContextLookup::Kind::kAmbiguous;
    Json json{
        {"id", std::string(id)},
        {"kind", each.kind},
        {"ambiguous", ambiguous},
        {"active", found->active},
        {"expires_in_ms", found->expires_in ? Json(found->expires_in->count()) : Json(nullptr)}};
    if (!ambiguous) json.update(record_json(found->lookup, now));
    return json_page(json);
  }
  return std::nullopt;
}

}  // namespace woad
