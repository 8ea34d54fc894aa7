// B3 propagation, both encodings (https://github.com/openzipkin/b3-propagation).
//
// Pure functions; any thread. When a head carries both encodings, the single field wins; of several
// fields of one name the first does.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/base/arena.h"
#include "proxy/observe/trace_id.h"

namespace woad {

struct B3Context {
  enum class Sampling : uint8_t { kDefer, kDeny, kAccept, kDebug };

  TraceId trace;  // not valid(): a decision without ids, and `span` is none either
  SpanId span;
  SpanId parent;  // not valid(): not said
  Sampling sampling = Sampling::kDefer;
  bool wide = true;  // a trace id of 128 bits; else of 64, and trace.high is zero

  // What the sender decided about recording, if it did; debug is to record.
  std::optional<bool> sampled() const {
    if (sampling == Sampling::kDefer) return std::nullopt;
    return sampling != Sampling::kDeny;
  }
  bool operator==(const B3Context&) const = default;
};

// The values of x-b3-*, each "" when absent.
struct B3Fields {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view parent_span_id;
  std::string_view sampled;
  std::string_view flags;
};

// Nothing when it is invalid. Digits are lower case; a parent of zeros is none.
std::optional<B3Context> parse_b3_single(std::string_view value);
// As above; nothing, too, when all fields are empty. `true` and `false` are read as 1 and 0, and a
// parent without digits is none.
std::optional<B3Context> parse_b3_multi(const B3Fields& fields);

// The value of `b3`; "" when there is nothing to say (no ids, no decision).
std::string_view format_b3_single(const B3Context& context, Arena& arena);
// The fields to send, "" for those that are not. A root has no parent field, and debug is said by
// flags alone.
B3Fields format_b3_multi(const B3Context& context, Arena& arena);

}  // namespace woad
