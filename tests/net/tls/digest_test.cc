#include "proxy/net/tls/digest.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

TEST_CASE("SHA-256 of the examples of FIPS 180-4, and back from hexadecimal") {
  const std::string hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256_hex("abc") == hash);
  CHECK(bytes_of_hex(hash) == sha256("abc"));
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("").size() == 32);
}

}  // namespace
}  // namespace woad
