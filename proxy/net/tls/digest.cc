#include "proxy/net/tls/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "proxy/base/result.h"
#include "proxy/base/strings.h"

namespace woad {

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  WOAD_ASSERT(done == 1);
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string sha256_hex(std::string_view bytes) { return hex_of_bytes(sha256(bytes)); }

std::string bytes_of_hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
  }
  return bytes;
}

}  // namespace woad
