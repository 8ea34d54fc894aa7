#include "proxy/observe/tracestate.h"

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad {
namespace {

constexpr size_t kMaxTenant = 241;
constexpr size_t kMaxSystem = 14;

bool key_characters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

// `system`, or `tenant@system`.
bool valid_key(std::string_view key) {
  const size_t at = key.find('@');
  if (at == std::string_view::npos) {
    return !key.empty() && key.size() <= Tracestate::kMaxKey && is_lower(key[0]) &&
           key_characters(key);
  }
  const std::string_view tenant = key.substr(0, at);
  const std::string_view system = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= kMaxTenant && !system.empty() &&
         system.size() <= kMaxSystem && (is_lower(tenant[0]) || is_digit(tenant[0])) &&
         is_lower(system[0]) && key_characters(tenant) && key_characters(system);
}

// Printable ASCII without ',' and '=', not ending in a space.
bool valid_value(std::string_view value) {
  if (value.empty() || value.size() > Tracestate::kMaxValue || value.back() == ' ') return false;
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

}  // namespace

bool Tracestate::drop() {
  dropped_ = true;
  size_ = 0;
  return false;
}

bool Tracestate::add_member(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || size_ == kMaxMembers) return false;
  const std::string_view key = text.substr(0, equals);
  if (!valid_key(key) || !valid_value(text.substr(equals + 1)) || find(key)) return false;
  members_[size_++] = {text, equals};
  return true;
}

bool Tracestate::add(std::string_view field) {
  if (dropped_) return false;
  bytes_ += field.size() + (fields_++ > 0 ? 1 : 0);
  if (bytes_ > kMaxBytes) return drop();
  bool good = true;
  for_each_list_item(field, [&](std::string_view item) { return good = add_member(item); });
  return good || drop();
}

std::optional<std::string_view> Tracestate::find(std::string_view key) const {
  for (size_t i = 0; i < size_; ++i) {
    if (members_[i].key() == key) return members_[i].text.substr(key.size() + 1);
  }
  return std::nullopt;
}

size_t Tracestate::size_without(std::string_view key, size_t* members) const {
  size_t bytes = 0;
  *members = 0;
  for (size_t i = 0; i < size_; ++i) {
    if (members_[i].key() == key) continue;
    bytes += members_[i].text.size() + (bytes > 0 ? 1 : 0);
    ++*members;
  }
  return bytes;
}

char* Tracestate::copy_without(std::string_view key, char* out, bool comma) const {
  for (size_t i = 0; i < size_; ++i) {
    const std::string_view text = members_[i].text;
    if (members_[i].key() == key) continue;
    if (comma) *out++ = ',';
    out = std::copy(text.begin(), text.end(), out);
    comma = true;
  }
  return out;
}

std::optional<std::string_view> Tracestate::with(std::string_view key, std::string_view value,
                                                 Arena& arena) const {
  if (!valid_key(key) || !valid_value(value)) return std::nullopt;
  size_t others = 0;
  const size_t behind = size_without(key, &others);
  const size_t bytes = key.size() + 1 + value.size() + (others > 0 ? 1 : 0) + behind;
  if (others == kMaxMembers || bytes > kMaxBytes) return std::nullopt;
  auto* const text = static_cast<char*>(arena.allocate(bytes, 1));
  char* at = std::copy(key.begin(), key.end(), text);
  *at++ = '=';
  at = std::copy(value.begin(), value.end(), at);
  copy_without(key, at, true);
  return std::string_view(text, bytes);
}

std::string_view Tracestate::without(std::string_view key, Arena& arena) const {
  size_t others = 0;
  const size_t bytes = size_without(key, &others);
  if (others == 0) return {};
  auto* const text = static_cast<char*>(arena.allocate(bytes, 1));
  copy_without(key, text, false);
  return {text, bytes};
}

}  // namespace woad
