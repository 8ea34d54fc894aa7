// Our members of the W3C baggage of a request (https://www.w3.org/TR/baggage/): `woad.color` and
// `woad.tenant`.
//
// Members of others pass byte for byte and in their order, whatever they are. Baggage that breaks
// the grammar of section 3.3.1, or is over the limits below, is not read by us: ours are taken out
// of it, between commas, and nothing else is changed. All functions work on the head's `baggage`
// fields, which count as one list in order; they allocate in the head's arena alone, and only what
// they write.
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
  bool readable = true;    // false: malformed or over the limits, and `values` are none
};
// Values are percent-decoded and lower-cased; a colour `base` is none.
BaggageRead read_baggage(const Headers& headers);

// Takes out our members, those too whose keys only a lenient reader would take for ours
// ("Woad.Color", "woad%2Ecolor"); returns whether there were any. Fields that are left with nothing
// go.
bool strip_baggage(Headers& headers);

// Ours are exactly `values` then; an empty value has no member. False: what came cannot be read, or
// has no room; none of ours is there then.
bool plant_baggage(Headers& headers, const ContextValues& values);

}  // namespace woad
