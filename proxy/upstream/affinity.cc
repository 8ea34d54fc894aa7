#include "proxy/upstream/affinity.h"

#include "proxy/base/stable_hash.h"
#include "proxy/http/cookie.h"

namespace woad {
namespace {

std::optional<uint64_t> key(std::string_view value) {
  if (value.empty()) return std::nullopt;
  return stable_hash(value);
}

}  // namespace

std::optional<uint64_t> Affinity::key_of(const RequestHead& head, const Address& client) const {
  if (source_ip) return client.valid() ? key(client.host()) : std::nullopt;
  if (!header) return key(cookie_value(head.headers, cookie));
  const Header* field = head.headers.find(*header);
  return field == nullptr ? std::nullopt : key(field->value);
}

}  // namespace woad
