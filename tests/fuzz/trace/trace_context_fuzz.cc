// Trace fields of any bytes: what is read, written and read again is the same, and no operation on
// a tracestate list gives one that would be dropped. The input is a head, one `name: value` a line;
// each value is read as every kind of field, and the first five together as x-b3-*.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "proxy/observe/b3.h"
#include "proxy/observe/request_id.h"
#include "proxy/observe/trace_context.h"
#include "proxy/observe/tracestate.h"

namespace {

using woad::Arena;
using woad::B3Context;
using woad::Traceparent;
using woad::Tracestate;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_traceparent(std::string_view text, Arena& arena) {
  const auto parent = woad::parse_traceparent(text);
  if (!parent) return;
  require(parent->trace.valid() && parent->parent.valid());
  const std::string_view written = woad::format_traceparent(*parent, arena);
  require(written.size() == Traceparent::kLength);
  require(woad::parse_traceparent(written) == parent);
  // But for version and flags, the ids come out as they came in.
  require(written.substr(2, 51) == text.substr(2, 51));
}

void check_b3(const B3Context& context, Arena& arena) {
  require(context.trace.valid() == context.span.valid());
  const std::string_view written = woad::format_b3_single(context, arena);
  if (written.empty()) return;
  B3Context expected = context;
  // A parent needs a sampling state in front of it.
  if (context.sampling == B3Context::Sampling::kDefer) expected.parent = {};
  require(woad::parse_b3_single(written) == expected);
  require(woad::parse_b3_multi(woad::format_b3_multi(context, arena)) == context);
}

void check_list(std::string_view text, size_t members, Arena& arena) {
  Tracestate again;
  require(text.size() <= Tracestate::kMaxBytes);
  require(again.add(text));
  require(again.size() == members);
  // Nothing of it is lost when it is written once more.
  require(again.without("=", arena) == text);
}

void check_tracestate(const std::vector<std::string_view>& fields, std::string_view value,
                      Arena& arena) {
  Tracestate state;
  for (const std::string_view field : fields) state.add(field);
  require(state.size() <= Tracestate::kMaxMembers);
  require(!state.dropped() || state.size() == 0);
  const size_t others = state.size() - (state.find(Tracestate::kOurKey) ? 1U : 0U);
  const std::string_view without = state.without(Tracestate::kOurKey, arena);
  check_list(without, others, arena);
  for (const std::string_view planted : {std::string_view("c:red;t:acme"), value}) {
    const auto with = state.with(Tracestate::kOurKey, planted, arena);
    if (!with) continue;
    check_list(*with, others + 1, arena);
    Tracestate again;
    again.add(*with);
    require(again.find(Tracestate::kOurKey) == planted);
    require(again.without(Tracestate::kOurKey, arena) == without);
    require(with->starts_with("woad="));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  woad::ArenaPool pool;
  Arena arena(pool);
  std::vector<std::string_view> values;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t colon = line.find(": ");
    values.push_back(colon == std::string_view::npos ? line : line.substr(colon + 2));
  }
  for (const std::string_view value : values) {
    check_traceparent(value, arena);
    if (const auto b3 = woad::parse_b3_single(value)) check_b3(*b3, arena);
    require(!woad::valid_request_id(value) || value.size() <= woad::kMaxRequestId);
  }
  values.resize(values.size() < 5 ? 5 : values.size());
  const auto b3 = woad::parse_b3_multi({values[0], values[1], values[2], values[3], values[4]});
  if (b3) check_b3(*b3, arena);
  check_tracestate(values, values.front(), arena);
  return 0;
}
