#include "filters/authorization/ambiguous_path.h"

#include <doctest/doctest.h>

#include <string>

namespace woad {
namespace {

using namespace std::string_view_literals;

TEST_CASE("authorization: paths that all servers read alike") {
  for (const std::string_view path : {"/"sv,
                                      "*"sv,
                                      "/a"sv,
                                      "/a/"sv,
                                      "/a/b/c.html"sv,
                                      "/..."sv,
                                      "/.../a"sv,
                                      "/.a"sv,
                                      "/..a"sv,
                                      "/a.."sv,
                                      "/a./b"sv,
                                      "/.well-known/x"sv,
                                      "/~user/-_."sv,
                                      "/a:b@c!d$e&f'g(h)i*j+k,l=m"sv,
                                      "/a%20b"sv,
                                      "/caf%C3%A9"sv,
                                      "/caf%c3%a9"sv,
                                      "/a%25b"sv,
                                      "/a%252fb"sv,
                                      "/a%23b"sv,
                                      "/a%3Fb"sv,
                                      "/a%3a%40"sv,
                                      "/a%2b%2B"sv,
                                      "/a%0ab"sv,
                                      "/a%01%7f%ff"sv,
                                      "/a\"<>^`{|}"sv,
                                      "/shop.Price/Get"sv}) {
    CAPTURE(path);
    CHECK(path_ambiguity(path) == "");
  }
}

TEST_CASE("authorization: paths that two servers may read as different ones") {
  struct Case {
    std::string_view path;
    std::string_view says;
  };
  const Case cases[] = {
      {"//", "an empty segment"},
      {"//a", "an empty segment"},
      {"/a//b", "an empty segment"},
      {"/a//", "an empty segment"},
      {"///", "an empty segment"},
      {"/.", "dots"},
      {"/..", "dots"},
      {"/./", "dots"},
      {"/../", "dots"},
      {"/./a", "dots"},
      {"/../a", "dots"},
      {"/a/.", "dots"},
      {"/a/..", "dots"},
      {"/a/./b", "dots"},
      {"/a/../b", "dots"},
      {"/a/b/../../admin", "dots"},
      {"/.//a", "dots"},
      {"/a;b", "a semicolon"},
      {"/a;x=1/b", "a semicolon"},
      {"/..;/admin", "a semicolon"},
      {"/;", "a semicolon"},
      {"/a\\b", "a backslash"},
      {"/..\\admin", "a backslash"},
      {"/a#b", "a number sign"},
      {"/#", "a number sign"},
      {"/a%2fb", "escaped slash"},
      {"/a%2Fb", "escaped slash"},
      {"/%2f", "escaped slash"},
      {"/..%2fadmin", "escaped slash"},
      {"/a%5cb", "escaped backslash"},
      {"/a%5Cb", "escaped backslash"},
      {"/a%3bb", "escaped semicolon"},
      {"/a%3Bb", "escaped semicolon"},
      {"/a%00", "escaped NUL"},
      {"/a%00.html", "escaped NUL"},
      {"/%2e", "escaped letter"},
      {"/%2E", "escaped letter"},
      {"/%2e%2e/admin", "escaped letter"},
      {"/.%2e/admin", "escaped letter"},
      {"/%2e./admin", "escaped letter"},
      {"/%61dmin", "escaped letter"},
      {"/%41", "escaped letter"},
      {"/%5a", "escaped letter"},
      {"/%7A", "escaped letter"},
      {"/%30%39", "escaped letter"},
      {"/a%2db", "escaped letter"},
      {"/a%5fb", "escaped letter"},
      {"/a%7eb", "escaped letter"},
      {"/%", "two hexadecimal digits"},
      {"/%2", "two hexadecimal digits"},
      {"/%zz", "two hexadecimal digits"},
      {"/%2g", "two hexadecimal digits"},
      {"/%g2", "two hexadecimal digits"},
      {"/%%32%65", "two hexadecimal digits"},
      {"/a%u002e", "two hexadecimal digits"},
      {"/a b", "no printable ASCII"},
      {"/a\tb", "no printable ASCII"},
      {"/a\x01", "no printable ASCII"},
      {"/a\x7f", "no printable ASCII"},
      {"/caf\xc3\xa9", "no printable ASCII"},
      {"/a\0b"sv, "no printable ASCII"},
      {"", "no slash at its beginning"},
      {"a", "no slash at its beginning"},
      {"*/a", "no slash at its beginning"},
      {"http://host/", "no slash at its beginning"},
  };
  static_assert(std::size(cases) >= 60);
  for (const Case& each : cases) {
    CAPTURE(each.path);
    const std::string said(path_ambiguity(each.path));
    CAPTURE(said);
    CHECK(said.find(each.says) != std::string::npos);
  }
}

TEST_CASE("authorization: which escapes may stand, byte by byte") {
  constexpr char kHex[] = "0123456789abcdef";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || "-._~"sv.find(c) != std::string_view::npos;
    const bool refused = unreserved || "/\\;\0"sv.find(c) != std::string_view::npos;
    for (const bool upper : {false, true}) {
      std::string path = std::string("/a%") + kHex[byte >> 4] + kHex[byte & 15];
      for (size_t i = 3; upper && i < path.size(); ++i) {
        if (path[i] >= 'a') path[i] = static_cast<char>(path[i] - 'a' + 'A');
      }
      CAPTURE(path);
      CHECK(path_ambiguity(path).empty() == !refused);
    }
  }
}

}  // namespace
}  // namespace woad
