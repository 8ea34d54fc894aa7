#include "proxy/compress/zstd.h"

#include <doctest/doctest.h>

#include <string>

namespace woad {
namespace {

// Lines that do not repeat.
std::string lines(size_t count) {
  std::string text;
  uint32_t value = 1;
  for (size_t i = 0; i < count; ++i) {
    value = value * 1664525 + 1013904223;
    text += "    - address: \"10." + std::to_string(value >> 24) + "." +
            std::to_string(value >> 16 & 255) + "." + std::to_string(value >> 8 & 255) +
            ":8080\"\n";
  }
  return text;
}

const std::string kHash(32, '\x17');

TEST_CASE("what was compressed comes back") {
  for (const std::string& text : {std::string(), std::string("x"), lines(20'000)}) {
    const auto back = zstd_decompress(zstd_compress(text), text.size());
    REQUIRE(back);
    CHECK(*back == text);
  }
}

TEST_CASE("one line changed in a large file costs few bytes against the old one") {
  for (const size_t count : {size_t{3}, size_t{15'000}, size_t{60'000}}) {
    const std::string old = lines(count);
    std::string text = old;
    text.replace(text.size() / 2, 4, "#!#!");
    const std::string body = dcz_compress(text, old, kHash);
    CHECK(body.size() < 1024);
    const auto back = dcz_decompress(body, old, kHash, text.size());
    REQUIRE(back);
    CHECK(*back == text);
  }
}

TEST_CASE("what is no such body is refused with its reason") {
  const std::string old = lines(100);
  const std::string text = old + "x";
  const std::string body = dcz_compress(text, old, kHash);
  const std::string plain = zstd_compress(text);
  struct Case {
    const char* name;
    Result<std::string> got;
    const char* why;
  };
  const Case cases[] = {
      {"nothing", zstd_decompress("", 100), "is cut off"},
      {"no frame", zstd_decompress("hello, this is text", 100), "cannot be unpacked"},
      {"cut", zstd_decompress(std::string_view(plain).substr(0, plain.size() - 3), 1 << 20),
       "is cut off"},
      {"more behind it", zstd_decompress(plain + "x", 1 << 20), "goes on behind its end"},
      {"too long", zstd_decompress(plain, text.size() - 1), "is over"},
      {"a bomb", zstd_decompress(zstd_compress(std::string(50 << 20, 'x')), 1 << 20), "is over"},
      {"no dcz", dcz_decompress(plain, old, kHash, 1 << 20), "does not begin as dcz does"},
      {"header alone", dcz_decompress(std::string_view(body).substr(0, 20), old, kHash, 1 << 20),
       "does not begin as dcz does"},
      {"another dictionary", dcz_decompress(body, old, std::string(32, 'a'), 1 << 20),
       "is for another dictionary"},
      {"cut dcz",
       dcz_decompress(std::string_view(body).substr(0, body.size() - 1), old, kHash, 1 << 20),
       "is cut off"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    REQUIRE(!c.got);
    CHECK(c.got.error().message.find(c.why) != std::string::npos);
  }
}

}  // namespace
}  // namespace woad
