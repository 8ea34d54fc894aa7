// SHA-256 (FIPS 180-4). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace woad {

// 32 bytes.
std::string sha256(std::string_view bytes);
// The same as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
// What hex_of_bytes() wrote.
std::string bytes_of_hex(std::string_view digits);

}  // namespace woad
