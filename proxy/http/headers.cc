#include "proxy/http/headers.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "proxy/base/strings.h"

namespace woad {
namespace {

// By HeaderId.
constexpr std::string_view kNames[] = {
    "",
    "b3",
    "baggage",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "grpc-status",
    "grpc-timeout",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "x-request-id",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
};
static_assert(std::size(kNames) == static_cast<size_t>(HeaderId::kForwardedFor) + 1);

// The one name of that length and first letter that has an id; at most four have one length.
HeaderId candidate(size_t length, char first) {
  switch (length) {
    case 2: return first == 'b' ? HeaderId::kB3 : HeaderId::kTe;
    case 4: return first == 'h' ? HeaderId::kHost : HeaderId::kDate;
    case 6: return first == 'c' ? HeaderId::kCookie : HeaderId::kExpect;
    case 7:
      if (first == 'b') return HeaderId::kBaggage;
      return first == 'u' ? HeaderId::kUpgrade : HeaderId::kTrailer;
    case 10:
      if (first == 'c') return HeaderId::kConnection;
      if (first == 'k') return HeaderId::kKeepAlive;
      return first == 't' ? HeaderId::kTracestate : HeaderId::kUserAgent;
    case 11: return first == 'g' ? HeaderId::kGrpcStatus : HeaderId::kTraceparent;
    case 12:
      if (first == 'c') return HeaderId::kContentType;
      return first == 'g' ? HeaderId::kGrpcTimeout : HeaderId::kRequestId;
    case 14: return first == 'c' ? HeaderId::kContentLength : HeaderId::kHttp2Settings;
    case 15: return HeaderId::kForwardedFor;
    case 16: return HeaderId::kProxyConnection;
    case 17: return HeaderId::kTransferEncoding;
    default: return HeaderId::kOther;
  }
}

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::kOther;
  const char first = to_lower(name[0]);
  const HeaderId id = candidate(name.size(), first);
  if (id == HeaderId::kOther) return id;
  const std::string_view known = header_text(id);
  return known[0] == first && equals_ignore_case(known, name) ? id : HeaderId::kOther;
}

std::string_view header_text(HeaderId id) { return kNames[static_cast<size_t>(id)]; }

HeaderName::HeaderName(std::string_view name) : text(lower(name)), id(header_id(text)) {}

bool Header::is(const HeaderName& other) const {
  if (id != HeaderId::kOther || other.id != HeaderId::kOther) return id == other.id;
  return equals_ignore_case(name, other.text);
}

Headers::Headers(const Headers& other)
    : arena_(other.arena_), size_(other.size_), capacity_(other.size_) {
  if (size_ == 0) return;
  fields_ = static_cast<Header*>(arena_->allocate(size_ * sizeof(Header), alignof(Header)));
  std::uninitialized_copy_n(other.fields_, size_, fields_);
}

void Headers::add(std::string_view name, std::string_view value, HeaderId id) {
  if (size_ == capacity_) {
    const uint32_t capacity = capacity_ == 0 ? 16 : capacity_ * 2;
    auto* fields =
        static_cast<Header*>(arena_->allocate(capacity * sizeof(Header), alignof(Header)));
    std::copy(begin(), end(), fields);
    fields_ = fields;
    capacity_ = capacity;
  }
  new (&fields_[size_++]) Header{name, value, id};
}

void Headers::add_copy(std::string_view name, std::string_view value) {
  add(arena_->copy(name), arena_->copy(value));
}

const Header* Headers::find(HeaderId id) const {
  for (const Header& field : *this) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Header* Headers::find(const HeaderName& name) const {
  if (name.id != HeaderId::kOther) return find(name.id);
  for (const Header& field : *this) {
    if (field.id == HeaderId::kOther && equals_ignore_case(field.name, name.text)) return &field;
  }
  return nullptr;
}

const Header* Headers::find(std::string_view name) const {
  for (const Header& field : *this) {
    if (equals_ignore_case(field.name, name)) return &field;
  }
  return nullptr;
}

size_t Headers::remove(HeaderId id) {
  return remove_if([id](const Header& field) { return field.id == id; });
}

size_t Headers::remove(const HeaderName& name) {
  return remove_if([&](const Header& field) { return field.is(name); });
}

size_t Headers::remove(std::string_view name) {
  return remove_if([&](const Header& field) { return equals_ignore_case(field.name, name); });
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::copy_from(const Headers& other) {
  clear();
  for (const Header& field : other) {
    add(arena_->copy(field.name), arena_->copy(field.value), field.id);
  }
}

}  // namespace woad
