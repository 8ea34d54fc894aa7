// Header fields of one head or trailer section, in order, any protocol version.
//
// Names keep the case in which they arrived (HTTP/1 to HTTP/1 passes it on); every comparison
// ignores case. Names and values are views whose bytes live in the message's arena or in static
// storage. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/base/arena.h"

namespace woad {

// Field names the proxy itself looks at, so that finding one compares a byte.
enum class HeaderId : uint8_t {
  kOther,
  kB3,
  kBaggage,
  kConnection,
  kContentLength,
  kContentType,
  kCookie,
  kDate,
  kExpect,
  kGrpcStatus,
  kGrpcTimeout,
  kHost,
  kHttp2Settings,
  kKeepAlive,
  kProxyConnection,
  kRequestId,
  kTe,
  kTraceparent,
  kTracestate,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kForwardedFor,
};

// kOther for a name without an id. Any case.
HeaderId header_id(std::string_view name);
// In lower case, static; empty for kOther.
std::string_view header_text(HeaderId id);

// Fields that a message on its way out gets anew from the members of its head (see message.h), or
// not at all.
inline bool is_rewritten(HeaderId id) {
  const auto bit = [](HeaderId each) { return 1U << static_cast<uint32_t>(each); };
  constexpr uint32_t kAll =
      bit(HeaderId::kConnection) | bit(HeaderId::kContentLength) | bit(HeaderId::kHost) |
      bit(HeaderId::kHttp2Settings) | bit(HeaderId::kKeepAlive) | bit(HeaderId::kProxyConnection) |
      bit(HeaderId::kTe) | bit(HeaderId::kTransferEncoding) | bit(HeaderId::kUpgrade);
  return (bit(id) & kAll) != 0;
}
// Fields that frame a message or belong to one connection: they become members of a head or go, and
// never stand in its headers.
inline bool is_framing(HeaderId id) {
  return id == HeaderId::kExpect || (id != HeaderId::kHost && is_rewritten(id));
}

// A configured field name, prepared for finding: lower-cased, with its id.
struct HeaderName {
  explicit HeaderName(std::string_view name);
  std::string text;
  HeaderId id;

  bool operator==(const HeaderName&) const = default;
};

struct Header {
  std::string_view name;
  std::string_view value;
  HeaderId id = HeaderId::kOther;

  bool is(const HeaderName& other) const;
};

class Headers {
 public:
  // `arena` outlives the headers and owns the array of fields (not the bytes of the views).
  explicit Headers(Arena& arena) : arena_(&arena) {}
  // A list of its own in the same arena; the bytes of names and values are shared.
  explicit Headers(const Headers& other);
  Headers& operator=(const Headers&) = delete;

  Arena& arena() const { return *arena_; }

  // Views are kept, not copied. `id` must be header_id(name).
  void add(std::string_view name, std::string_view value, HeaderId id);
  void add(std::string_view name, std::string_view value) { add(name, value, header_id(name)); }
  // Copies both into the arena.
  void add_copy(std::string_view name, std::string_view value);

  // The first field of that name, or nullptr. `id` must not be kOther.
  const Header* find(HeaderId id) const;
  const Header* find(const HeaderName& name) const;
  const Header* find(std::string_view name) const;

  // Removes every field of that name, keeping the order of the rest; returns how many went.
  size_t remove(HeaderId id);
  size_t remove(const HeaderName& name);
  size_t remove(std::string_view name);
  template <class Predicate>
  size_t remove_if(Predicate&& gone) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      if (!gone(static_cast<const Header&>(fields_[i]))) fields_[kept++] = fields_[i];
    }
    const size_t removed = size_ - kept;
    size_ = kept;
    return removed;
  }

  // Replaces every field of that name by one. Views are kept, not copied.
  void set(std::string_view name, std::string_view value);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  Header* begin() { return fields_; }
  Header* end() { return fields_ + size_; }
  const Header* begin() const { return fields_; }
  const Header* end() const { return fields_ + size_; }

  // Deep copy into this object's own arena (for a mirrored or replayed request).
  void copy_from(const Headers& other);

 private:
  Arena* arena_;
  Header* fields_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace woad
