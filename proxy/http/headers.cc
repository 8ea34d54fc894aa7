#include "proxy/http/headers.h"

#include <algorithm>
#include <memory>

#include "proxy/base/strings.h"

namespace woad {
namespace {

// The candidates of one length; at most four names share one.
std::string_view name_of_length(size_t length, char first, HeaderId& id) {
  const auto is = [&](std::string_view name, HeaderId value) {
    id = value;
    return name;
  };
  switch (length) {
    case 2:
      if (first == 'b') return is("b3", HeaderId::kB3);
      return is("te", HeaderId::kTe);
    case 4:
      if (first == 'h') return is("host", HeaderId::kHost);
      return is("date", HeaderId::kDate);
    case 6:
      if (first == 'c') return is("cookie", HeaderId::kCookie);
      return is("expect", HeaderId::kExpect);
    case 7:
      if (first == 'b') return is("baggage", HeaderId::kBaggage);
      if (first == 'u') return is("upgrade", HeaderId::kUpgrade);
      return is("trailer", HeaderId::kTrailer);
    case 10:
      if (first == 'c') return is("connection", HeaderId::kConnection);
      if (first == 'k') return is("keep-alive", HeaderId::kKeepAlive);
      if (first == 't') return is("tracestate", HeaderId::kTracestate);
      return is("user-agent", HeaderId::kUserAgent);
    case 11:
      if (first == 'g') return is("grpc-status", HeaderId::kGrpcStatus);
      return is("traceparent", HeaderId::kTraceparent);
    case 12:
      if (first == 'c') return is("content-type", HeaderId::kContentType);
      if (first == 'g') return is("grpc-timeout", HeaderId::kGrpcTimeout);
      return is("x-request-id", HeaderId::kRequestId);
    case 14:
      if (first == 'c') return is("content-length", HeaderId::kContentLength);
      return is("http2-settings", HeaderId::kHttp2Settings);
    case 15: return is("x-forwarded-for", HeaderId::kForwardedFor);
    case 16: return is("proxy-connection", HeaderId::kProxyConnection);
    case 17: return is("transfer-encoding", HeaderId::kTransferEncoding);
    default: return {};
  }
}

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::kOther;
  HeaderId id = HeaderId::kOther;
  const char first = to_lower(name[0]);
  const std::string_view candidate = name_of_length(name.size(), first, id);
  const bool may_be = !candidate.empty() && candidate[0] == first;
  return may_be && equals_ignore_case(candidate, name) ? id : HeaderId::kOther;
}

bool is_framing(HeaderId id) {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kContentLength:
    case HeaderId::kExpect:
    case HeaderId::kHttp2Settings:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTe:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade: return true;
    default: return false;
  }
}

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
