#include "proxy/net/tls/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "proxy/base/result.h"
#include "proxy/base/strings.h"
#include "proxy/net/tls/words.h"

namespace woad {
namespace {

using Hash = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Hash hash_of(std::string_view bytes) {
  Hash hash{};
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  WOAD_ASSERT(done == 1);
  return hash;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  const Hash hash = hash_of(bytes);
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string sha256_hex(std::string_view bytes) {
  const Hash hash = hash_of(bytes);
  return hex_words(hash.data(), hash.size());
}

std::string bytes_of_hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
  }
  return bytes;
}

}  // namespace woad
