#include "proxy/context/baggage.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"
#include "proxy/context/baggage_member.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

constexpr std::string_view kColorKey = "woad.color";
constexpr std::string_view kTenantKey = "woad.tenant";
constexpr size_t kLongestKey = kTenantKey.size();

bool ours(const BaggageMember& member) {
  return member.key == kColorKey || member.key == kTenantKey;
}

// Calls `visit(member)` for each member of all fields. False, and it stops, where the grammar or a
// limit is broken.
template <class F>
bool for_each_member(const Headers& headers, F&& visit) {
  size_t bytes = 0;
  size_t members = 0;
  bool sound = true;
  for (const Header& field : headers) {
    if (field.id != HeaderId::kBaggage) continue;
    bytes += field.value.size() + (bytes > 0 ? 1 : 0);
    if (bytes > kMaxBaggageBytes) return false;
    for_each_list_item(field.value, [&](std::string_view text) {
      const auto member = parse_baggage_member(text);
      sound = member && ++members <= kMaxBaggageMembers;
      if (sound) visit(*member);
      return sound;
    });
    if (!sound) return false;
  }
  return true;
}

// What the fields hold.
struct Survey {
  bool sound = true;
  size_t members = 0;  // of others
  size_t bytes = 0;    // of others, joined by commas
  size_t colors = 0;   // of ours
  size_t tenants = 0;
  std::string_view color;  // the last one, as it came
  std::string_view tenant;
};

Survey survey(const Headers& headers) {
  Survey found;
  found.sound = for_each_member(headers, [&](const BaggageMember& member) {
    if (member.key == kColorKey) {
      ++found.colors;
      found.color = member.value;
    } else if (member.key == kTenantKey) {
      ++found.tenants;
      found.tenant = member.value;
    } else {
      found.bytes += member.text.size() + (found.members > 0 ? 1 : 0);
      ++found.members;
    }
  });
  return found;
}

// Nothing when an escape is wrong or the text is longer than any value of ours. Percent-encoding of
// RFC 3986 section 2.1.
std::optional<std::string_view> percent_decode(std::string_view raw, Arena& arena) {
  if (raw.find('%') == std::string_view::npos) return raw;
  char text[kMaxContextValue];
  size_t size = 0;
  while (!raw.empty()) {
    if (size == sizeof(text)) return std::nullopt;
    const size_t escape = raw[0] == '%' ? 3 : 1;
    const size_t before = raw.size();
    text[size++] = take_percent_decoded(raw, false);
    if (before - raw.size() != escape) return std::nullopt;
  }
  return arena.copy({text, size});
}

// What one of our keys says, over all its members.
class Ours {
 public:
  using Reader = std::optional<std::string_view> (*)(std::string_view, Arena&);

  void add(std::string_view raw, Reader reader, Arena& arena) {
    const auto text = percent_decode(raw, arena);
    const auto value = text ? reader(*text, arena) : std::nullopt;
    bad_ = bad_ || !value || (seen_ && *value != value_);
    seen_ = true;
    if (value) value_ = *value;
  }
  bool bad() const { return bad_; }
  std::string_view value() const { return bad_ ? std::string_view() : value_; }

 private:
  std::string_view value_;
  bool seen_ = false;
  bool bad_ = false;
};

// Writes members with commas between them.
class Writer {
 public:
  explicit Writer(char* out) : start_(out), at_(out) {}

  void add(std::string_view text) {
    if (at_ != start_) put(",");
    put(text);
  }
  void add(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    add(key);
    put("=");
    put(value);
  }
  std::string_view text() const { return {start_, static_cast<size_t>(at_ - start_)}; }

 private:
  void put(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }

  char* start_;
  char* at_;
};

// Bytes of one of ours with the comma before it.
size_t size_of(std::string_view key, std::string_view value) {
  return value.empty() ? 0 : 1 + key.size() + 1 + value.size();
}

// One field in the place of the first; none when `text` is empty.
void replace(Headers& headers, std::string_view text) {
  bool keep = !text.empty();
  headers.remove_if([&](const Header& field) {
    return field.id == HeaderId::kBaggage && !std::exchange(keep, false);
  });
  if (text.empty()) return;
  for (Header& field : headers) {
    if (field.id != HeaderId::kBaggage) continue;
    field.value = text;
    return;
  }
  headers.add("baggage", text, HeaderId::kBaggage);
}

// The members of others, then ours; `room` is at least their size.
void rewrite(Headers& headers, size_t room, const ContextValues& values) {
  Writer writer(static_cast<char*>(headers.arena().allocate(room + 1, 1)));
  for_each_member(headers, [&](const BaggageMember& member) {
    if (!ours(member)) writer.add(member.text);
  });
  writer.add(kColorKey, values.color);
  writer.add(kTenantKey, values.tenant);
  replace(headers, writer.text());
}

// The key of a member as the most lenient reader has it: percent-decoded as in forms (as
// OpenTelemetry's libraries do), in lower case, without what is around a token. In `room`.
std::string_view lenient_key(std::string_view member, std::array<char, kLongestKey>& room) {
  std::string_view raw = member.substr(0, member.find_first_of("=;"));
  size_t size = 0;
  bool ended = false;
  while (!raw.empty()) {
    const char c = to_lower(take_percent_decoded(raw, true));
    const bool of_key = is_in(c, kInToken);
    if (of_key && (ended || size == room.size())) return {};
    if (of_key) room[size++] = c;
    ended = !of_key && size > 0;
  }
  return {room.data(), size};
}

bool could_be_ours(std::string_view member) {
  std::array<char, kLongestKey> room;
  const std::string_view key = lenient_key(member, room);
  return key == kColorKey || key == kTenantKey;
}

// Calls `visit(item)` for all that stands between commas, byte for byte.
template <class F>
void for_each_piece(std::string_view list, F&& visit) {
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = list.find(',');
    visit(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

bool has_ours(std::string_view list) {
  bool found = false;
  for_each_piece(list, [&](std::string_view piece) { found = found || could_be_ours(piece); });
  return found;
}

std::string_view without_ours(std::string_view list, Arena& arena) {
  Writer writer(static_cast<char*>(arena.allocate(list.size() + 1, 1)));
  for_each_piece(list, [&](std::string_view piece) {
    if (!could_be_ours(piece)) writer.add(piece);
  });
  return trim(writer.text());
}

}  // namespace

BaggageRead read_baggage(const Headers& headers) {
  Ours color;
  Ours tenant;
  const bool readable = for_each_member(headers, [&](const BaggageMember& member) {
    if (member.key == kColorKey) color.add(member.value, read_color, headers.arena());
    if (member.key == kTenantKey) tenant.add(member.value, read_context_value, headers.arena());
  });
  if (!readable) return {.values = {}, .readable = false};
  return {.values = {color.value(), tenant.value()}, .bad_value = color.bad() || tenant.bad()};
}

bool strip_baggage(Headers& headers) {
  bool found = false;
  bool emptied = false;
  for (Header& field : headers) {
    if (field.id != HeaderId::kBaggage || !has_ours(field.value)) continue;
    field.value = without_ours(field.value, headers.arena());
    found = true;
    emptied = emptied || field.value.empty();
  }
  if (emptied) {
    headers.remove_if(
        [](const Header& field) { return field.id == HeaderId::kBaggage && field.value.empty(); });
  }
  return found;
}

bool plant_baggage(Headers& headers, const ContextValues& values) {
  const Survey found = survey(headers);
  const size_t colors = values.color.empty() ? 0 : 1;
  const size_t tenants = values.tenant.empty() ? 0 : 1;
  if (found.sound && found.colors == colors && found.tenants == tenants &&
      found.color == values.color && found.tenant == values.tenant) {
    return true;
  }
  const size_t bytes =
      found.bytes + size_of(kColorKey, values.color) + size_of(kTenantKey, values.tenant);
  const size_t first_comma = found.members == 0 && bytes > 0 ? 1 : 0;
  if (!found.sound || bytes - first_comma > kMaxBaggageBytes ||
      found.members + colors + tenants > kMaxBaggageMembers) {
    strip_baggage(headers);
    return values.empty();
  }
  rewrite(headers, bytes, values);
  return true;
}

}  // namespace woad
