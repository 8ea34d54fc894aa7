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

}  // namespace hex

// The last `digits` (1 to 16) of `value`; returns the end.
inline char* write_lower_hex(char* out, uint64_t value, size_t digits) {
  char all[16];
  for (const size_t half : {size_t{0}, size_t{1}}) {
    uint64_t spread = half == 0 ? value >> 32 : value & 0xffffffff;
    spread = (spread | spread << 16) & 0x0000ffff0000ffff;
    spread = (spread | spread << 8) & 0x00ff00ff00ff00ff;
    spread = (spread | spread << 4) & hex::kNibbles;
    const uint64_t text = hex::in_reading_order(hex::characters(spread));
    std::memcpy(all + 8 * half, &text, sizeof text);
  }
  std::memcpy(out, all + sizeof all - digits, digits);
  return out + digits;
}

// Of 1 to 16 digits; upper-case ones are none.
std::optional<uint64_t> parse_lower_hex(std::string_view text);

}  // namespace woad
