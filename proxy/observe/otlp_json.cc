#include "proxy/observe/otlp_json.h"

#include "proxy/base/result.h"
#include "proxy/base/strings.h"
#include "proxy/observe/json_text.h"

namespace woad {
namespace {

// Every helper appends; a member is written with the comma or brace in front of it.
void text_member(std::string& out, std::string_view before, std::string_view text) {
  out += before;
  out += '"';
  append_json_text(out, text);
  out += '"';
}

void decimal_member(std::string& out, std::string_view before, uint64_t value, bool as_string) {
  out += before;
  if (as_string) out += '"';
  append_decimal(out, value);
  if (as_string) out += '"';
}

void id_member(std::string& out, std::string_view before, SpanId id) {
  char digits[kSpanIdDigits];
  write_span_id(digits, id);
  text_member(out, before, {digits, sizeof digits});
}

void append_attribute(std::string& out, std::string_view key, std::string_view text) {
  text_member(out, "{\"key\":", key);
  text_member(out, ",\"value\":{\"stringValue\":", text);
  out += "}}";
}

void append_attribute(std::string& out, std::string_view key, uint64_t number) {
  text_member(out, "{\"key\":", key);
  decimal_member(out, ",\"value\":{\"intValue\":", number, true);
  out += "}}";
}

void append_status(std::string& out, const Span& span) {
  decimal_member(out, ",\"status\":{\"code\":", static_cast<uint64_t>(span.status), false);
  if (!span.message().empty()) text_member(out, ",\"message\":", span.message());
  out += '}';
}

void append_span(std::string& out, const Span& span) {
  char digits[kTraceIdDigits];
  write_trace_id(digits, span.trace);
  text_member(out, "{\"traceId\":", {digits, sizeof digits});
  id_member(out, ",\"spanId\":", span.id);
  if (span.parent.valid()) id_member(out, ",\"parentSpanId\":", span.parent);
  text_member(out, ",\"name\":", span.name());
  decimal_member(out, ",\"kind\":", static_cast<uint64_t>(span.kind), false);
  decimal_member(out, ",\"startTimeUnixNano\":", span.start_ns, true);
  decimal_member(out, ",\"endTimeUnixNano\":", span.end_ns, true);
  out += ",\"attributes\":[";
  bool first = true;
  span.for_each([&](SpanKey key, auto value) {
    if (!first) out += ',';
    first = false;
    append_attribute(out, to_string(key), value);
  });
  out += ']';
  if (span.left_out() > 0) {
    decimal_member(out, ",\"droppedAttributesCount\":", span.left_out(), false);
  }
  if (span.status != SpanStatus::kUnset) append_status(out, span);
  out += '}';
}

}  // namespace

OtlpBody::OtlpBody(const ResourceAttributes& resource, std::string_view version) {
  head_ = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[";
  for (const auto& [key, value] : resource) {
    if (&key != &resource.front().first) head_ += ',';
    append_attribute(head_, key, std::string_view(value));
  }
  text_member(head_, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"woad\",\"version\":", version);
  head_ += "},\"spans\":[";
}

void OtlpBody::add(const Span& span) {
  if (spans_ == 0) {
    text_ = head_;
  } else {
    text_ += ',';
  }
  append_span(text_, span);
  ++spans_;
}

std::string OtlpBody::take() {
  WOAD_ASSERT(spans_ > 0);
  text_ += "]}]}]}";
  spans_ = 0;
  return std::move(text_);
}

}  // namespace woad
