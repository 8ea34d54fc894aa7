#include "proxy/observe/uuid.h"

#include <cstring>

#include "proxy/observe/trace_id.h"

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

constexpr uint64_t kOnes = 0x0101010101010101;  // in each of eight bytes

// Eight digits in one step; digit after digit was a fifth of all instructions of record(). False
// when one is no lower-case hexadecimal digit.
bool read_eight(const char* text, uint64_t& value) {
  uint64_t chars = 0;
  for (int i = 0; i < 8; ++i) chars = chars << 8 | static_cast<unsigned char>(text[i]);
  const uint64_t is_letter = chars >> 6 & kOnes;
  const uint64_t digits = ((chars & 0x0f * kOnes) + 9 * is_letter) & 0x0f * kOnes;
  const uint64_t above_nine = (digits + 6 * kOnes) >> 4 & kOnes;
  if (digits + '0' * kOnes + ('a' - '9' - 1) * above_nine != chars) return false;
  uint64_t packed = (digits | digits >> 4) & 0x00ff00ff00ff00ff;
  packed = (packed | packed >> 8) & 0x0000ffff0000ffff;
  value = value << 32 | ((packed | packed >> 16) & 0xffffffff);
  return true;
}

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
  Uuid uuid;
  if (!read_eight(digits, uuid.high) || !read_eight(digits + 8, uuid.high) ||
      !read_eight(digits + 16, uuid.low) || !read_eight(digits + 24, uuid.low)) {
    return std::nullopt;
  }
  return uuid;
}

std::string_view show(Uuid uuid, Arena& arena) {
  auto* const text = static_cast<char*>(arena.allocate(kLength, 1));
  size_t left = 64;
  for (const Group& group : kGroups) {
    if (group.at == 19) left = 64;
    if (group.at > 0) text[group.at - 1] = '-';
    left -= 4 * group.digits;
    const uint64_t half = group.at < 19 ? uuid.high : uuid.low;
    write_lower_hex(text + group.at, half >> left, group.digits);
  }
  return {text, kLength};
}

}  // namespace woad
