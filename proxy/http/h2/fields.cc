#include "proxy/http/h2/fields.h"

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad {
namespace {

uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv make_field(std::string_view name, std::string_view value, uint8_t flags) {
  return {bytes_of(name), bytes_of(value), name.size(), value.size(), flags};
}

constexpr uint32_t bit(HeaderId id) { return 1U << static_cast<uint32_t>(id); }

// Different in each request: an entry in the compression table would only push out others.
constexpr uint32_t kUnique =
    bit(HeaderId::kTraceparent) | bit(HeaderId::kRequestId) | bit(HeaderId::kGrpcTimeout);

}  // namespace

H2Fields::H2Fields(const Headers& headers) : fields_(in_place_) {
  const size_t needed = headers.size() + kMembers;
  if (needed > kInPlace) {
    fields_ = static_cast<nghttp2_nv*>(
        headers.arena().allocate(needed * sizeof(nghttp2_nv), alignof(nghttp2_nv)));
  }
}

void H2Fields::add_known(std::string_view name, std::string_view value) {
  fields_[size_++] = make_field(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME);
}

void H2Fields::add_length(uint64_t content_length) {
  add_known("content-length", {digits_, write_decimal(digits_, content_length)});
}

void H2Fields::add_all(const Headers& headers) {
  for (const Header& field : headers) {
    if (field.id == HeaderId::kOther) {
      fields_[size_++] = make_field(field.name, field.value, NGHTTP2_NV_FLAG_NONE);
      continue;
    }
    const uint32_t id = bit(field.id);
    if (is_rewritten(field.id)) continue;
    const int index = (id & kUnique) != 0 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    fields_[size_++] = make_field(header_text(field.id), field.value,
                                  static_cast<uint8_t>(index | NGHTTP2_NV_FLAG_NO_COPY_NAME));
  }
}

void add_request(const RequestHead& head, H2Fields& out) {
  out.add_known(":method", head.method_name);
  out.add_known(":scheme", head.scheme.empty() ? std::string_view("http") : head.scheme);
  if (!head.authority.empty()) out.add_known(":authority", head.authority);
  out.add_known(":path", head.path);
  out.add_all(head.headers);
  if (head.content_length.has_value()) out.add_length(*head.content_length);
  if (head.te_trailers || is_grpc(head.headers)) out.add_known("te", "trailers");
  if (head.expects_continue && head.headers.find(HeaderId::kExpect) == nullptr) {
    out.add_known("expect", "100-continue");
  }
}

void add_response(const ResponseHead& head, char* digits, H2Fields& out) {
  digits[0] = static_cast<char>('0' + head.status / 100 % 10);
  digits[1] = static_cast<char>('0' + head.status / 10 % 10);
  digits[2] = static_cast<char>('0' + head.status % 10);
  out.add_known(":status", {digits, 3});
  out.add_all(head.headers);
  // RFC 9110 section 8.6.
  if (head.content_length.has_value() && head.status >= 200 && head.status != 204)
    out.add_length(*head.content_length);
}

void join_cookies(Headers& headers) {
  Header* first = nullptr;
  size_t count = 0;
  size_t bytes = 0;
  for (Header& field : headers) {
    if (field.id != HeaderId::kCookie) continue;
    if (count == 0) first = &field;
    ++count;
    bytes += field.value.size() + 2;
  }
  if (count < 2) return;
  auto* const text = static_cast<char*>(headers.arena().allocate(bytes, 1));
  char* end = text;
  for (const Header& field : headers) {
    if (field.id != HeaderId::kCookie) continue;
    if (&field != first) end = std::copy_n("; ", 2, end);
    end = std::copy(field.value.begin(), field.value.end(), end);
  }
  first->value = {text, static_cast<size_t>(end - text)};
  bool seen = false;
  headers.remove_if([&seen](const Header& field) {
    if (field.id != HeaderId::kCookie) return false;
    const bool again = seen;
    seen = true;
    return again;
  });
}

}  // namespace woad
