#include "proxy/observe/uuid.h"

#include <doctest/doctest.h>

#include <string>

using namespace woad;

TEST_CASE("a lower-case UUID survives 16 bytes, anything else is none") {
  ArenaPool pool;
  Arena arena(pool);
  const auto uuid = parse_uuid("01234567-89ab-cdef-0fed-cba987654321");
  REQUIRE(uuid);
  CHECK(uuid->high == 0x0123456789abcdef);
  CHECK(uuid->low == 0x0fedcba987654321);
  CHECK(show(*uuid, arena) == "01234567-89ab-cdef-0fed-cba987654321");
  CHECK(parse_uuid("00000000-0000-0000-0000-000000000000")->nil());

  for (const char* bad : {
           "",
           "01234567-89ab-cdef-0fed-cba98765432",
           "01234567-89ab-cdef-0fed-cba9876543210",
           "01234567-89AB-cdef-0fed-cba987654321",
           "01234567-89ab-cdef-0fedcba9876543210",
           "0123456789ab-cdef-0fed-cba987654321-",
           "01234567_89ab-cdef-0fed-cba987654321",
           "01234567-89ab-cdef-0fed-cba98765432g",
           "{1234567-89ab-cdef-0fed-cba98765432}",
       }) {
    CAPTURE(bad);
    CHECK_FALSE(parse_uuid(bad));
  }
}

TEST_CASE("every byte in every place: digits in lower case and nothing else") {
  ArenaPool pool;
  Arena arena(pool);
  const std::string good = "01234567-89ab-cdef-0fed-cba987654321";
  for (size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      const char c = static_cast<char>(byte);
      text[at] = c;
      const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      const auto uuid = parse_uuid(text);
      CAPTURE(text);
      REQUIRE(uuid.has_value() == (good[at] == '-' ? c == '-' : digit));
      if (uuid) REQUIRE(show(*uuid, arena) == text);
    }
  }
}
