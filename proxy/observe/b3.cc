#include "proxy/observe/b3.h"

#include "proxy/observe/hex.h"

namespace woad {
namespace {

using Sampling = B3Context::Sampling;
constexpr size_t kNarrowDigits = 16;

std::optional<Sampling> sampling_of(std::string_view text) {
  if (text == "0") return Sampling::kDeny;
  if (text == "1") return Sampling::kAccept;
  if (text == "d") return Sampling::kDebug;
  return std::nullopt;
}

std::string_view sampling_text(Sampling sampling) {
  switch (sampling) {
    case Sampling::kDefer: return {};
    case Sampling::kDeny: return "0";
    case Sampling::kAccept: return "1";
    case Sampling::kDebug: return "d";
  }
  return {};
}

bool read_ids(std::string_view trace, std::string_view span, B3Context& context) {
  if (trace.size() == kNarrowDigits) {
    const auto low = parse_lower_hex(trace);
    if (!low || *low == 0) return false;
    context.trace = {0, *low};
    context.wide = false;
  } else {
    const auto id = parse_trace_id(trace);
    if (!id) return false;
    context.trace = *id;
  }
  const auto id = parse_span_id(span);
  if (!id) return false;
  context.span = *id;
  return true;
}

bool read_parent(std::string_view text, B3Context& context) {
  const auto value = parse_lower_hex(text);
  if (text.size() != kSpanIdDigits || !value) return false;
  context.parent = {*value};
  return true;
}

char* write_b3_trace(char* out, const B3Context& context) {
  return context.wide ? write_trace_id(out, context.trace)
                      : write_lower_hex(out, context.trace.low, kNarrowDigits);
}

std::string_view span_text(SpanId id, Arena& arena) {
  auto* const text = static_cast<char*>(arena.allocate(kSpanIdDigits, 1));
  write_span_id(text, id);
  return {text, kSpanIdDigits};
}

}  // namespace

std::optional<B3Context> parse_b3_single(std::string_view value) {
  B3Context context;
  if (const auto alone = sampling_of(value)) {
    context.sampling = *alone;
    return context;
  }
  const size_t dash = value.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  if (!read_ids(value.substr(0, dash), value.substr(dash + 1, kSpanIdDigits), context)) {
    return std::nullopt;
  }
  std::string_view rest = value.substr(dash + 1 + kSpanIdDigits);
  if (rest.empty()) return context;
  const auto sampling = rest.size() >= 2 ? sampling_of(rest.substr(1, 1)) : std::nullopt;
  if (rest[0] != '-' || !sampling) return std::nullopt;
  context.sampling = *sampling;
  rest.remove_prefix(2);
  if (rest.empty()) return context;
  if (rest[0] != '-' || !read_parent(rest.substr(1), context)) return std::nullopt;
  return context;
}

std::optional<B3Context> parse_b3_multi(const B3Fields& fields) {
  B3Context context;
  if (!fields.sampled.empty()) {
    if (fields.sampled == "1" || fields.sampled == "true") {
      context.sampling = Sampling::kAccept;
    } else if (fields.sampled == "0" || fields.sampled == "false") {
      context.sampling = Sampling::kDeny;
    } else {
      return std::nullopt;
    }
  }
  if (fields.flags == "1") context.sampling = Sampling::kDebug;
  if (fields.trace_id.empty() && fields.span_id.empty() && fields.parent_span_id.empty()) {
    if (context.sampling == Sampling::kDefer) return std::nullopt;
    return context;
  }
  if (!read_ids(fields.trace_id, fields.span_id, context)) return std::nullopt;
  if (!fields.parent_span_id.empty() && !read_parent(fields.parent_span_id, context)) {
    return std::nullopt;
  }
  return context;
}

std::string_view format_b3_single(const B3Context& context, Arena& arena) {
  const std::string_view sampling = sampling_text(context.sampling);
  if (!context.trace.valid()) return sampling;
  constexpr size_t kLongest = kTraceIdDigits + 1 + kSpanIdDigits + 2 + 1 + kSpanIdDigits;
  auto* const text = static_cast<char*>(arena.allocate(kLongest, 1));
  char* at = write_b3_trace(text, context);
  *at++ = '-';
  at = write_span_id(at, context.span);
  if (!sampling.empty()) {
    *at++ = '-';
    *at++ = sampling[0];
    if (context.parent.valid()) {
      *at++ = '-';
      at = write_span_id(at, context.parent);
    }
  }
  return {text, static_cast<size_t>(at - text)};
}

B3Fields format_b3_multi(const B3Context& context, Arena& arena) {
  B3Fields fields;
  if (context.sampling == Sampling::kDebug) {
    fields.flags = "1";
  } else {
    fields.sampled = sampling_text(context.sampling);
  }
  if (!context.trace.valid()) return fields;
  auto* const text = static_cast<char*>(arena.allocate(kTraceIdDigits, 1));
  fields.trace_id = {text, static_cast<size_t>(write_b3_trace(text, context) - text)};
  fields.span_id = span_text(context.span, arena);
  if (context.parent.valid()) fields.parent_span_id = span_text(context.parent, arena);
  return fields;
}

}  // namespace woad
