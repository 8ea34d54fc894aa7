#include "proxy/observe/trace_context.h"
#include "proxy/observe/hex.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/observe/request_id.h"

namespace woad {
namespace {

constexpr TraceId kTrace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
constexpr SpanId kSpan{0x00f067aa0ba902b7};
#define IDS "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

TEST_CASE("traceparent: what is read") {
  struct Row {
    std::string_view what;
    std::string value;
    int flags;  // -1: invalid
  };
  const Row rows[] = {
      {"sampled", "00-" IDS "-01", 1},
      {"not sampled", "00-" IDS "-00", 0},
      {"random alone", "00-" IDS "-02", 2},
      {"both", "00-" IDS "-03", 3},
      {"unknown bits fall away", "00-" IDS "-fd", 1},
      {"all bits", "00-" IDS "-ff", 3},
      {"empty", "", -1},
      {"one byte short", "00-" IDS "-0", -1},
      {"one byte long", "00-" IDS "-011", -1},
      {"version 00 has no more fields", "00-" IDS "-01-", -1},
      {"nor these", "00-" IDS "-01-what-the-future-will-be-like", -1},
      {"a dot behind", "00-" IDS "-01.", -1},
      {"a blank in front", " 00-" IDS "-01", -1},
      {"a blank behind", "00-" IDS "-01 ", -1},
      {"version ff", "ff-" IDS "-01", -1},
      {"version ff with more", "ff-" IDS "-01-x", -1},
      {"version FF", "FF-" IDS "-01", -1},
      {"version cc", "cc-" IDS "-01", 1},
      {"version 01", "01-" IDS "-00", 0},
      {"version fe with more", "fe-" IDS "-01-x", 1},
      {"version cc with an empty rest", "cc-" IDS "-01-", 1},
      {"version cc, no dash", "cc-" IDS "-01.x", -1},
      {"version cc, longer flags", "cc-" IDS "-011", -1},
      {"version cc, too short", "cc-" IDS "-1", -1},
      {"version .0", ".0-" IDS "-01", -1},
      {"version 0.", "0.-" IDS "-01", -1},
      {"version 0", "0-" IDS "-01", -1},
      {"version 000", "000-" IDS "-01", -1},
      {"version -0", "-0-" IDS "-01", -1},
      {"trace id of zeros", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", -1},
      {"trace id in upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", -1},
      {"trace id with one capital", "00-4bf92f3577b34da6a3ce929d0e0e473F-00f067aa0ba902b7-01", -1},
      {"trace id with a dot", "00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01", -1},
      {"trace id too long", "00-4bf92f3577b34da6a3ce929d0e0e47361-00f067aa0ba902b7-01", -1},
      {"trace id too short", "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", -1},
      {"parent id of zeros", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", -1},
      {"parent id in upper case", "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01", -1},
      {"parent id with a dot", "00-4bf92f3577b34da6a3ce929d0e0e4736-.0f067aa0ba902b7-01", -1},
      {"parent id too long", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b71-01", -1},
      {"parent id too short", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01", -1},
      {"flags .0", "00-" IDS "-.0", -1},
      {"flags 0.", "00-" IDS "-0.", -1},
      {"flags 0X", "00-" IDS "-0X", -1},
      {"flags in upper case", "00-" IDS "-0A", -1},
      {"no dash behind the version", "00_" IDS "-01", -1},
      {"no dash behind the parent id", "00-" IDS "_01", -1},
      {"NUL inside", "00-" IDS "-0" + std::string(1, '\0'), -1},
      {"two values in one field", "00-" IDS "-01,00-" IDS "-01", -1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto parent = parse_traceparent(row.value);
    REQUIRE(parent.has_value() == (row.flags >= 0));
    if (!parent) continue;
    CHECK(*parent == Traceparent{kTrace, kSpan, static_cast<uint8_t>(row.flags)});
    CHECK(parent->sampled() == ((row.flags & 1) != 0));
  }
}

TEST_CASE("traceparent: what is written") {
  ArenaPool pool;
  Arena arena(pool);
  CHECK(format_traceparent({kTrace, kSpan, 1}, arena) == "00-" IDS "-01");
  CHECK(format_traceparent({{0, 1}, {2}, 0xfc}, arena) ==
        "00-00000000000000000000000000000001-0000000000000002-00");
  CHECK(format_traceparent({kTrace, kSpan, 0xff}, arena) == "00-" IDS "-03");
}

TEST_CASE("ids are made valid, and differ") {
  Random random(5);
  const TraceId first = make_trace_id(random);
  CHECK(first.valid());
  CHECK_FALSE(first == make_trace_id(random));
  CHECK(make_span_id(random).valid());
  CHECK_FALSE(make_span_id(random) == make_span_id(random));
  CHECK_FALSE(TraceId{}.valid());
  CHECK_FALSE(SpanId{}.valid());
}

TEST_CASE("hexadecimal digits") {
  CHECK(parse_lower_hex("0") == 0);
  CHECK(parse_lower_hex("ffffffffffffffff") == UINT64_MAX);
  CHECK_FALSE(parse_lower_hex("10000000000000000"));
  CHECK_FALSE(parse_lower_hex(""));
  CHECK_FALSE(parse_lower_hex("0x1"));
  CHECK_FALSE(parse_lower_hex("-1"));
  CHECK_FALSE(parse_span_id("00f067aa0ba902b"));
  CHECK_FALSE(parse_trace_id("00f067aa0ba902b7"));
  char out[4] = "???";
  CHECK(write_lower_hex(out, 0xabc, 2) == out + 2);
  CHECK(std::string_view(out, 3) == "bc?");
}

TEST_CASE("hexadecimal digits: each byte at each place, in texts of each length") {
  for (size_t size = 1; size <= 16; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        std::string text(size, '5');
        text[at] = c;
        const bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        const std::optional<uint64_t> value = parse_lower_hex(text);
        if (value.has_value() == good && !good) continue;  // doctest is slow
        REQUIRE(value.has_value() == good);
        REQUIRE(*value == std::stoull(text, nullptr, 16));
        char out[16];
        REQUIRE(write_lower_hex(out, *value, size) == out + size);
        REQUIRE(std::string_view(out, size) == text);
      }
    }
  }
}

TEST_CASE("a share of the traces, the same everywhere") {
  CHECK(in_sampled_share({0, 0}, 1));
  CHECK_FALSE(in_sampled_share({UINT64_MAX, UINT64_MAX}, 0));
  CHECK_FALSE(in_sampled_share({UINT64_MAX, UINT64_MAX}, -1));
  // The highest ids are in first, and the part that is not random does not count.
  CHECK(in_sampled_share({0, 0x00ffffffffffffff}, 0.01));
  CHECK_FALSE(in_sampled_share({UINT64_MAX, 0xff00000000000000}, 0.99));
  CHECK(in_sampled_share({0, 0x0080000000000000}, 0.5));
  CHECK_FALSE(in_sampled_share({0, 0x007fffffffffffff}, 0.5));
  Random random(9);
  int in = 0;
  for (int i = 0; i < 10'000; ++i) {
    const TraceId id = make_trace_id(random);
    if (in_sampled_share(id, 0.25)) ++in;
    if (in_sampled_share(id, 0.1)) CHECK(in_sampled_share(id, 0.25));
  }
  CHECK(in > 2300);
  CHECK(in < 2700);
}

TEST_CASE("request ids") {
  CHECK(valid_request_id("a"));
  CHECK(valid_request_id("Root=1-67891233-abcdef012345678912345678"));
  CHECK(valid_request_id(std::string(kMaxRequestId, 'x')));
  CHECK(valid_request_id("a b~!"));
  CHECK_FALSE(valid_request_id(""));
  CHECK_FALSE(valid_request_id(std::string(kMaxRequestId + 1, 'x')));
  CHECK_FALSE(valid_request_id("a\tb"));
  CHECK_FALSE(valid_request_id("a\x7f"));
  CHECK_FALSE(valid_request_id("\xc3\xbc"));

  ArenaPool pool;
  Arena arena(pool);
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const std::string_view id = make_request_id(random, arena);
    REQUIRE(id.size() == 36);
    REQUIRE(valid_request_id(id));
    for (size_t i = 0; i < id.size(); ++i) {
      CAPTURE(id);
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      CHECK((id[i] == '-') == dash);
      if (!dash) CHECK(parse_lower_hex(id.substr(i, 1)));
    }
    CHECK(id[14] == '4');
    CHECK(std::string_view("89ab").find(id[19]) != std::string_view::npos);
  }
  CHECK(make_request_id(random, arena) != make_request_id(random, arena));
}

}  // namespace
}  // namespace woad
