// Our members of the W3C baggage of a request (https://www.w3.org/TR/baggage/): `woad.color` and
// `woad.tenant`.
//
// Members of others pass byte for byte and in their order. Baggage that breaks the grammar of
// section 3.3.1, or is over the limits below, is dropped whole: parsers disagree on what it says,
// so one of our members could hide in it. All functions work on the head's `baggage` fields, which
// count as one list in order; they allocate in the head's arena alone, and only what they write.
#pragma once

#include <cstddef>
#include <string_view>

#include "proxy/context/values.h"
#include "proxy/http/headers.h"

namespace woad {

// Of all fields joined by commas. Section 3.3.2 wants at least as much propagated; we take no more.
inline constexpr size_t kMaxBaggageBytes = 8192;
inline constexpr size_t kMaxBaggageMembers = 64;

struct BaggageRead {
  ContextValues values;    // views into the head or its arena
  bool bad_value = false;  // a member of ours is no valid value or comes with two: it is absent
  bool dropped = false;    // malformed or over the limits: removed from the head
};
// Values are percent-decoded and lower-cased; a colour `base` is none.
BaggageRead read_baggage(Headers& headers);

enum class BaggageStrip : uint8_t {
  kNothing,  // it has no member of ours
  kRemoved,  // ours are gone
  kDropped,  // malformed or over the limits: all of it is gone
};
BaggageStrip strip_baggage(Headers& headers);

enum class BaggagePlant : uint8_t {
  kPlanted,
  kNoRoom,   // it would be over the limits: old members of ours are gone, new ones not there
  kDropped,  // what came was malformed or over the limits: ours are all there is now
};
// Ours are exactly `values` then; an empty value has no member.
BaggagePlant plant_baggage(Headers& headers, const ContextValues& values);

}  // namespace woad
