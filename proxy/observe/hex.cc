#include "proxy/observe/hex.h"

namespace woad {
namespace {

// False when one of the eight is no lower-case hexadecimal digit.
bool read_eight(const char* text, uint64_t& value) {
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  const uint64_t chars = hex::in_reading_order(word);
  const uint64_t is_letter = chars >> 6 & hex::kOnes;
  const uint64_t values = ((chars & hex::kNibbles) + 9 * is_letter) & hex::kNibbles;
  if (hex::characters(values) != chars) return false;
  uint64_t packed = (values | values >> 4) & 0x00ff00ff00ff00ff;
  packed = (packed | packed >> 8) & 0x0000ffff0000ffff;
  value = value << 32 | ((packed | packed >> 16) & 0xffffffff);
  return true;
}

}  // namespace

char* write_lower_hex(char* out, uint64_t value, size_t digits) {
  char all[16];
  write_lower_hex(all, value);
  std::memcpy(out, all + sizeof all - digits, digits);
  return out + digits;
}

std::optional<uint64_t> parse_lower_hex(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  uint64_t value = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    if (!read_eight(text.data(), value)) return std::nullopt;
  }
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    value = value << 4 | digit;
  }
  return value;
}

}  // namespace woad
