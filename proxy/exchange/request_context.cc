#include "proxy/exchange/request_context.h"

#include <algorithm>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"

namespace woad {
namespace {

bool named(const Header& field, const std::vector<HeaderName>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const HeaderName& name) { return field.is(name); });
}

std::string_view lower_in_place(Arena& arena, std::string_view value) {
  const bool upper =
      std::any_of(value.begin(), value.end(), [](char c) { return c != to_lower(c); });
  if (!upper) return value;
  auto* copy = static_cast<char*>(arena.allocate(value.size(), 1));
  std::transform(value.begin(), value.end(), copy, to_lower);
  return {copy, value.size()};
}

// The one value that the fields of these names agree on, "" when there is none; nothing when they
// contradict each other.
std::optional<std::string_view> read_value(Headers& headers, const std::vector<HeaderName>& names) {
  std::string_view found;
  std::string_view sent_as;
  int canonical = 0;
  bool came = false;
  bool contradiction = false;
  headers.remove_if([&](const Header& field) {
    if (!named(field, names)) return false;
    const std::string_view value = lower_in_place(headers.arena(), trim(field.value));
    if (!valid_context_value(value)) return true;
    contradiction = contradiction || (came && value != found);
    came = true;
    found = value;
    if (field.is(names[0])) {
      sent_as = field.value;
      ++canonical;
    }
    return false;
  });
  if (contradiction) return std::nullopt;
  if (!found.empty() && (canonical != 1 || found != sent_as)) headers.set(names[0].text, found);
  return found;
}

LocalReply contradiction(std::string_view what) {
  return {.code = ErrorCode::kBadRequest,
          .details = "the request names two different " + std::string(what)};
}

}  // namespace

std::optional<LocalReply> read_request_context(RequestHead& head, const ContextNames& names,
                                               ExchangeInfo& info) {
  const auto color = read_value(head.headers, names.color);
  if (!color) return contradiction("colours");
  const auto tenant = read_value(head.headers, names.tenant);
  if (!tenant) return contradiction("tenants");
  info.color = *color == kBaseColor ? std::string_view() : *color;
  info.tenant = *tenant;
  if (!info.color.empty() || !info.tenant.empty()) info.context_source = ContextSource::kHeader;
  return std::nullopt;
}

}  // namespace woad
