#include "proxy/context/baggage_member.h"

#include <algorithm>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

// Baggage section 3.3.1: value = *baggage-octet.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != ',' && c != ';' && c != '\\';
  });
}

// Whether `text` is key OWS "=" OWS value, or a key alone when `may_be_bare`.
bool split_pair(std::string_view text, bool may_be_bare, std::string_view& key,
                std::string_view& value) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos && !may_be_bare) return false;
  key = trim(text.substr(0, equals));
  value = equals == std::string_view::npos ? std::string_view() : trim(text.substr(equals + 1));
  return !key.empty() && all_in(key, kInToken) && is_value(value);
}

}  // namespace

std::optional<BaggageMember> parse_baggage_member(std::string_view text) {
  BaggageMember member{.text = text, .key = {}, .value = {}};
  size_t end = text.find(';');
  if (!split_pair(text.substr(0, end), false, member.key, member.value)) return std::nullopt;
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find(';');
    std::string_view key;
    std::string_view value;
    if (!split_pair(text.substr(0, end), true, key, value)) return std::nullopt;
  }
  return member;
}

}  // namespace woad
