// What the context table keeps of an inbound request and gives back to its outbound ones.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/base/time.h"
#include "proxy/context/values.h"
#include "proxy/observe/trace_id.h"

namespace woad {

// One field of `context.carry`.
struct CarriedHeader {
  std::string_view name;
  std::string_view value;
};

// Bytes of names and values (config/reference.md, "Context, exactly"), and fields of one request;
// a table keeps no headers of a record that has more.
inline constexpr size_t kMaxCarriedBytes = 4096;
inline constexpr size_t kMaxCarriedFields = 64;

// Views: into the caller's memory when recorded, into the caller's arena when found.
struct ContextRecord {
  ContextValues values{};
  std::span<const CarriedHeader> carried{};  // in order
  // When the request must be answered; max(): no limit, and always so once it has ended.
  MonoTime deadline = MonoTime::max();
  uint32_t attempt = 1;  // which try of its caller's; more than 255 counts as 255
  SpanId parent_span{};  // of the caller's, or the one that stands for this request here
  // Recorded: both, as far as known. Found by a trace id: the request id; found by any other: the
  // trace id. A request id that is no UUID in lower case is not kept.
  TraceId trace{};
  std::string_view request_id{};
};

struct ContextLookup {
  enum class Kind : uint8_t {
    kMiss,
    kFound,
    kAmbiguous,  // requests of different contexts brought this id: there is no record
  };
  Kind kind = Kind::kMiss;
  // The carried headers are not known: requests of this id differ in them, or there was no room.
  bool carried_unknown = false;
  ContextRecord record;
};

}  // namespace woad
