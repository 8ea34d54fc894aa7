// Numbers in lower-case hexadecimal digits, eight digits a step: each request writes some ninety of
// them, which took 700 of its instructions one by one. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace woad {

namespace hex {

inline constexpr uint64_t kOnes = 0x0101010101010101;  // in each of eight bytes
inline constexpr uint64_t kNibbles = 0x0f * kOnes;

// The digits' values, 0 to 15 in each byte, as their characters.
inline uint64_t characters(uint64_t values) {
  const uint64_t above_nine = (values + 6 * kOnes) >> 4 & kOnes;
  return values + '0' * kOnes + ('a' - '9' - 1) * above_nine;
}

// The first character of a text in the highest byte.
inline uint64_t in_reading_order(uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

inline void write_eight(char* out, uint64_t value) {
  value = (value | value << 16) & 0x0000ffff0000ffff;
  value = (value | value << 8) & 0x00ff00ff00ff00ff;
  value = (value | value << 4) & kNibbles;
  const uint64_t text = in_reading_order(characters(value));
  std::memcpy(out, &text, sizeof text);
}

}  // namespace hex

// All 16 digits of `value`; returns the end.
inline char* write_lower_hex(char* out, uint64_t value) {
  hex::write_eight(out, value >> 32);
  hex::write_eight(out + 8, value & 0xffffffff);
  return out + 16;
}

// The last `digits` (1 to 16) of `value`; returns the end.
char* write_lower_hex(char* out, uint64_t value, size_t digits);

// Of 1 to 16 digits; upper-case ones are none.
std::optional<uint64_t> parse_lower_hex(std::string_view text);

}  // namespace woad
