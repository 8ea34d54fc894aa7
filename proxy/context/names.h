// The header names that carry a request's context, as the file has them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/http/headers.h"

namespace woad {

// The number of a request's try goes on in it.
inline constexpr std::string_view kAttemptHeader = "x-woad-attempt";
// Which try of its caller's a request is, as far as it says; 1 to 255.
uint32_t attempt_of(const Headers& headers);
// The same, and the field goes: a sidecar sends its own.
uint32_t take_attempt(Headers& headers);

// What a header is to the context of a request.
enum class ContextHeader : uint8_t {
  kNone,
  kColor,
  kTenant,
  kCarry,
  kHop,   // x-woad-timeout-ms, -attempt, -hops: they can only shorten their own request
  kOwn,   // any other x-woad-*
  kTwin,  // a configured name with '_' for '-': servers that know no '-' (CGI) take it for ours
};

// Immutable once filled; any thread.
class ContextNames {
 public:
  // Lower-case names, as the file has them. The first colour and tenant are the canonical ones.
  void add(ContextHeader kind, std::string_view name);

  // One look at the name's length decides for nearly every header.
  ContextHeader kind_of(const Header& field) const {
    const size_t length = field.name.size() < 63 ? field.name.size() : 63;
    if (field.id == HeaderId::kOther) {
      if ((field.name[0] | 0x20) == 'x' && length >= kOwnPrefix.size()) {
        return kind_of_own(field);
      }
      if ((lengths_ >> length & 1) == 0) return ContextHeader::kNone;
    } else if ((ids_ >> static_cast<size_t>(field.id) & 1) == 0) {
      return ContextHeader::kNone;
    }
    return look_up(field);
  }

  const HeaderName& color() const { return *first(ContextHeader::kColor); }
  const HeaderName& tenant() const { return *first(ContextHeader::kTenant); }

 private:
  static constexpr std::string_view kOwnPrefix = "x-woad-";
  struct Named {
    HeaderName name;
    ContextHeader kind;
  };

  ContextHeader kind_of_own(const Header& field) const;
  ContextHeader look_up(const Header& field) const;
  const HeaderName* first(ContextHeader kind) const;

  std::vector<Named> names_;
  uint64_t lengths_ = 0;  // bit 63: that long or longer
  uint64_t ids_ = 0;
};

}  // namespace woad
