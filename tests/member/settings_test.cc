#include "proxy/member/settings.h"

#include <doctest/doctest.h>

#include <map>

namespace woad {
namespace {

using Variables = std::map<std::string, std::string>;

Result<std::optional<MemberSettings>> read(const MemberFlags& flags, const Variables& variables) {
  return member_settings(flags, {[&](const std::string& name) {
                                   const auto found = variables.find(name);
                                   return found == variables.end()
                                              ? std::nullopt
                                              : std::optional<std::string>(found->second);
                                 },
                                 "host-1"});
}

MemberFlags flags(std::string urls) { return {.urls = std::move(urls)}; }

TEST_CASE("member settings: what is written, and what is not given") {
  const auto none = read({}, {});
  REQUIRE(none);
  CHECK_FALSE(*none);
  const auto given =
      read(flags("https://cp-a:15010,https://cp-b"), {{"WOAD_CONTROL_PLANE", "https://other"},
                                                      {"WOAD_REGISTER", "true"},
                                                      {"WOAD_SERVICE", "price"},
                                                      {"WOAD_ADVERTISE", "10.0.0.1"}});
  REQUIRE(given);
  REQUIRE(*given);
  const MemberSettings& settings = **given;
  REQUIRE(settings.urls.size() == 2);
  CHECK(settings.urls[0].authority == "cp-a:15010");
  CHECK(settings.urls[1].port == 443);
  CHECK(settings.registers);
  CHECK(settings.service == "price");
  CHECK(settings.instance == "host-1");
  CHECK(settings.advertised == Advertised{"10.0.0.1", 0});

  const auto by_variable =
      read({}, {{"WOAD_CONTROL_PLANE", "http://localhost:1"}, {"WOAD_INSTANCE", "price-7"}});
  REQUIRE(by_variable);
  CHECK((*by_variable)->instance == "price-7");
  CHECK_FALSE((*by_variable)->registers);
}

TEST_CASE("member settings: where others reach it") {
  struct Row {
    std::string text;
    Advertised expected;
  };
  const Row rows[] = {{"", {}},
                      {"10.0.0.1:99", {"10.0.0.1", 99}},
                      {"host.example", {"host.example", 0}},
                      {"fd00::1", {"fd00::1", 0}},
                      {"[fd00::1]", {"fd00::1", 0}},
                      {"[fd00::1]:99", {"fd00::1", 99}}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto given = read(flags("http://[::1]:1"), {{"WOAD_ADVERTISE", row.text}});
    REQUIRE(given);
    CHECK((*given)->advertised == row.expected);
  }
}

TEST_CASE("member settings: what is wrong names its place") {
  struct Row {
    MemberFlags flags;
    Variables variables;
    std::string_view error;
  };
  const Row rows[] = {
      {flags("cp:15010"), {}, "--control-plane: \"cp:15010\" is not a URL"},
      {flags("https://cp/v1"), {}, "must be without a path"},
      {flags("https://a,http://10.0.0.1:1"), {}, "\"http://10.0.0.1:1\" is not encrypted"},
      {flags(","), {}, "names no URL"},
      {{}, {{"WOAD_CONTROL_PLANE", "x"}}, "WOAD_CONTROL_PLANE: \"x\""},
      {{.registers = true}, {}, "--register needs"},
      {{.identity = "spiffe://a/b"}, {}, "--control-plane-identity needs"},
      {{.urls = "https://a", .identity = "cp"}, {}, "--control-plane-identity: "},
      {flags("https://a"), {{"WOAD_REGISTER", "1"}}, "WOAD_REGISTER"},
      {flags("https://a"), {{"WOAD_ADVERTISE", "a b"}}, "WOAD_ADVERTISE"},
      {flags("https://a"), {{"WOAD_ADVERTISE", "0.0.0.0"}}, "every address of a host"},
      {flags("https://a"), {{"WOAD_ADVERTISE", "[::]:15006"}}, "every address of a host"},
      {flags("https://a"), {{"WOAD_SERVICE", "a b"}}, "WOAD_SERVICE: \"a b\" is no name"},
      {flags("https://a"), {{"WOAD_SERVICE", "a/../b"}}, "WOAD_SERVICE"},
      {flags("https://a"), {{"WOAD_SERVICE", std::string(254, 'a')}}, "WOAD_SERVICE"},
      {flags("https://a"), {{"WOAD_INSTANCE", "a/b"}}, "WOAD_INSTANCE: \"a/b\" is no name"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.error);
    const auto given = read(row.flags, row.variables);
    REQUIRE_FALSE(given);
    CHECK(given.error().message.find(row.error) != std::string::npos);
  }
  CHECK(read({.urls = "http://10.0.0.1:1", .insecure = true}, {}));
}

}  // namespace
}  // namespace woad
