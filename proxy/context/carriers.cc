#include "proxy/context/carriers.h"

#include "proxy/context/baggage.h"
#include "proxy/context/state_member.h"

namespace woad {
namespace {

void write_tracestate(Headers& headers, std::string_view list) {
  headers.remove(HeaderId::kTracestate);
  if (!list.empty()) headers.add("tracestate", list, HeaderId::kTracestate);
}

// False: it does not fit.
bool plant_state_member(Headers& headers, const ContextValues& values) {
  const std::string_view member = write_state_member(values, headers.arena());
  const auto list = read_tracestate(headers).with(Tracestate::kOurKey, member, headers.arena());
  if (!list) return false;
  write_tracestate(headers, *list);
  return true;
}

void count_unplanted(WorkerMetrics& metrics, std::string_view carrier) {
  metrics.count(Family::kContextUnplanted, {metrics.intern(carrier)});
}

}  // namespace

void set_context_headers(Headers& headers, const ContextValues& values, const ContextNames& names) {
  const auto set = [&](const HeaderName& name, std::string_view value) {
    if (value.empty()) return;
    const Header* field = headers.find(name);
    if (field == nullptr) {
      headers.add(name.text, value, name.id);
    } else if (field->value != value) {
      headers.set(name.text, value);
    }
  };
  set(names.color(), values.color);
  set(names.tenant(), values.tenant);
}

void plant_context(Headers& headers, const ContextValues& values, const ContextRules& rules,
                   WorkerMetrics& metrics) {
  set_context_headers(headers, values, rules.names);
  if (rules.baggage && !plant_baggage(headers, values)) count_unplanted(metrics, "baggage");
  if (rules.tracestate && !plant_state_member(headers, values)) {
    count_unplanted(metrics, "tracestate");
  }
}

void remove_context(Headers& headers, const ContextNames& names) {
  bool baggage = false;
  bool tracestate = false;
  headers.remove_if([&](const Header& field) {
    baggage = baggage || field.id == HeaderId::kBaggage;
    tracestate = tracestate || field.id == HeaderId::kTracestate;
    return names.kind_of(field) != ContextHeader::kNone;
  });
  if (baggage) strip_baggage(headers);
  if (tracestate) strip_state_member(headers);
}

Tracestate read_tracestate(const Headers& headers) {
  Tracestate state;
  for (const Header& field : headers) {
    if (field.id == HeaderId::kTracestate) (void)state.add(field.value);
  }
  return state;
}

void strip_state_member(Headers& headers) {
  const Tracestate state = read_tracestate(headers);
  if (!state.find(Tracestate::kOurKey)) return;
  write_tracestate(headers, state.without(Tracestate::kOurKey, headers.arena()));
}

}  // namespace woad
