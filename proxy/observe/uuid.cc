#include "proxy/observe/uuid.h"

#include <cstring>

#include "proxy/observe/hex.h"

namespace woad {
namespace {

// Where each group of digits begins and how long it is; a dash stands between them.
struct Group {
  size_t at;
  size_t digits;
};
constexpr Group kGroups[] = {{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}};
constexpr size_t kLength = 36;
constexpr size_t kDigits = 32;

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  char digits[kDigits];
  char* at = digits;
  for (const Group& group : kGroups) {
    if (group.at > 0 && text[group.at - 1] != '-') return std::nullopt;
    std::memcpy(at, text.data() + group.at, group.digits);
    at += group.digits;
  }
  const auto high = parse_lower_hex({digits, kDigits / 2});
  const auto low = parse_lower_hex({digits + kDigits / 2, kDigits / 2});
  if (!high || !low) return std::nullopt;
  return Uuid{*high, *low};
}

std::string_view show(Uuid uuid, Arena& arena) {
  auto* const text = static_cast<char*>(arena.allocate(kLength, 1));
  char digits[kDigits];
  write_lower_hex(write_lower_hex(digits, uuid.high), uuid.low);
  const char* at = digits;
  for (const Group& group : kGroups) {
    if (group.at > 0) text[group.at - 1] = '-';
    std::memcpy(text + group.at, at, group.digits);
    at += group.digits;
  }
  return {text, kLength};
}

}  // namespace woad
