#include "proxy/observe/b3.h"

#include <doctest/doctest.h>

#include <string>

namespace woad {
namespace {

using Sampling = B3Context::Sampling;

constexpr TraceId kWide{0x80f198ee56343ba8, 0x64fe8b2a57d3eff7};
constexpr TraceId kNarrow{0, 0x64fe8b2a57d3eff7};
constexpr SpanId kSpan{0x05e3ac9a4f6e3b90};
constexpr SpanId kParent{0xe457b5a2e4d86bd1};
#define WIDE "80f198ee56343ba864fe8b2a57d3eff7"
#define NARROW "64fe8b2a57d3eff7"
#define SPAN "05e3ac9a4f6e3b90"
#define PARENT "e457b5a2e4d86bd1"
#define ZEROS "0000000000000000"

TEST_CASE("b3 single: good") {
  struct Row {
    std::string_view value;
    B3Context expected;
    std::string_view written;  // "": as it came
  };
  const Row rows[] = {
      {"0", {{}, {}, {}, Sampling::kDeny, true}, ""},
      {"1", {{}, {}, {}, Sampling::kAccept, true}, ""},
      {"d", {{}, {}, {}, Sampling::kDebug, true}, ""},
      {WIDE "-" SPAN, {kWide, kSpan, {}, Sampling::kDefer, true}, ""},
      {WIDE "-" SPAN "-0", {kWide, kSpan, {}, Sampling::kDeny, true}, ""},
      {WIDE "-" SPAN "-1", {kWide, kSpan, {}, Sampling::kAccept, true}, ""},
      {WIDE "-" SPAN "-d", {kWide, kSpan, {}, Sampling::kDebug, true}, ""},
      {WIDE "-" SPAN "-1-" PARENT, {kWide, kSpan, kParent, Sampling::kAccept, true}, ""},
      {WIDE "-" SPAN "-0-" PARENT, {kWide, kSpan, kParent, Sampling::kDeny, true}, ""},
      {WIDE "-" SPAN "-1-" ZEROS, {kWide, kSpan, {}, Sampling::kAccept, true}, WIDE "-" SPAN "-1"},
      {NARROW "-" SPAN, {kNarrow, kSpan, {}, Sampling::kDefer, false}, ""},
      {NARROW "-" SPAN "-1-" PARENT, {kNarrow, kSpan, kParent, Sampling::kAccept, false}, ""},
      // 128 bits of which half are zero stay 128 bits.
      {ZEROS NARROW "-" SPAN "-1", {kNarrow, kSpan, {}, Sampling::kAccept, true}, ""},
      {NARROW ZEROS "-" SPAN "-1",
       {{0x64fe8b2a57d3eff7, 0}, kSpan, {}, Sampling::kAccept, true},
       ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    const auto context = parse_b3_single(row.value);
    REQUIRE(context);
    CHECK(*context == row.expected);
    ArenaPool pool;
    Arena arena(pool);
    CHECK(format_b3_single(*context, arena) == (row.written.empty() ? row.value : row.written));
  }
}

TEST_CASE("b3 single: bad") {
  const std::string_view rows[] = {
      "",
      "2",
      "D",
      "true",
      "-",
      "--",
      "0-",
      "1-" SPAN,
      WIDE,
      WIDE "-",
      WIDE "-" SPAN "-",
      WIDE "-" SPAN "-2",
      WIDE "-" SPAN "-D",
      WIDE "-" SPAN "-true",
      WIDE "-" SPAN "-11",
      WIDE "-" SPAN "-1-",
      WIDE "-" SPAN "-1-" PARENT "-",
      WIDE "-" SPAN "-1-" PARENT "0",
      WIDE "-" SPAN "-1-e457b5a2e4d86bd",
      WIDE "-" SPAN "-1-E457B5A2E4D86BD1",
      WIDE "-" SPAN "-" PARENT,
      WIDE "-" SPAN "0-1",
      WIDE "-05e3ac9a4f6e3b9-1",
      WIDE "-05E3AC9A4F6E3B90-1",
      WIDE "-" ZEROS "-1",
      ZEROS "-" SPAN "-1",
      ZEROS ZEROS "-" SPAN "-1",
      "80F198EE56343BA864FE8B2A57D3EFF7-" SPAN "-1",
      "80f198ee56343ba864fe8b2a57d3eff-" SPAN "-1",
      WIDE "0-" SPAN "-1",
      "64fe8b2a57d3eff-" SPAN "-1",
      WIDE "_" SPAN "-1",
      " " WIDE "-" SPAN "-1",
      WIDE "-" SPAN "-1 ",
  };
  for (const std::string_view row : rows) {
    CAPTURE(row);
    CHECK_FALSE(parse_b3_single(row));
  }
}

std::string joined(const B3Fields& fields) {
  std::string text;
  for (const auto part :
       {fields.trace_id, fields.span_id, fields.parent_span_id, fields.sampled, fields.flags}) {
    text += std::string(part) + "|";
  }
  return text;
}

TEST_CASE("b3 multi: good") {
  struct Row {
    std::string_view what;
    B3Fields fields;
    B3Context expected;
    std::string_view written;
  };
  const Row rows[] = {
      {"deferred",
       {WIDE, SPAN, "", "", ""},
       {kWide, kSpan, {}, Sampling::kDefer, true},
       WIDE "|" SPAN "||||"},
      {"accept",
       {WIDE, SPAN, "", "1", ""},
       {kWide, kSpan, {}, Sampling::kAccept, true},
       WIDE "|" SPAN "||1||"},
      {"deny, narrow",
       {NARROW, SPAN, "", "0", ""},
       {kNarrow, kSpan, {}, Sampling::kDeny, false},
       NARROW "|" SPAN "||0||"},
      {"parent",
       {WIDE, SPAN, PARENT, "1", ""},
       {kWide, kSpan, kParent, Sampling::kAccept, true},
       WIDE "|" SPAN "|" PARENT "|1||"},
      {"a parent of zeros is none",
       {WIDE, SPAN, ZEROS, "1", ""},
       {kWide, kSpan, {}, Sampling::kAccept, true},
       WIDE "|" SPAN "||1||"},
      {"true",
       {WIDE, SPAN, "", "true", ""},
       {kWide, kSpan, {}, Sampling::kAccept, true},
       WIDE "|" SPAN "||1||"},
      {"false",
       {WIDE, SPAN, "", "false", ""},
       {kWide, kSpan, {}, Sampling::kDeny, true},
       WIDE "|" SPAN "||0||"},
      {"debug",
       {WIDE, SPAN, "", "", "1"},
       {kWide, kSpan, {}, Sampling::kDebug, true},
       WIDE "|" SPAN "|||1|"},
      {"debug is more than deny",
       {WIDE, SPAN, "", "0", "1"},
       {kWide, kSpan, {}, Sampling::kDebug, true},
       WIDE "|" SPAN "|||1|"},
      {"flags without debug",
       {WIDE, SPAN, "", "1", "0"},
       {kWide, kSpan, {}, Sampling::kAccept, true},
       WIDE "|" SPAN "||1||"},
      {"a decision alone", {"", "", "", "0", ""}, {{}, {}, {}, Sampling::kDeny, true}, "|||0||"},
      {"debug alone", {"", "", "", "", "1"}, {{}, {}, {}, Sampling::kDebug, true}, "||||1|"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto context = parse_b3_multi(row.fields);
    REQUIRE(context);
    CHECK(*context == row.expected);
    ArenaPool pool;
    Arena arena(pool);
    CHECK(joined(format_b3_multi(*context, arena)) == row.written);
  }
}

TEST_CASE("b3 multi: bad") {
  struct Row {
    std::string_view what;
    B3Fields fields;
  };
  const Row rows[] = {
      {"nothing", {}},
      {"flags that say nothing", {"", "", "", "", "0"}},
      {"no span", {WIDE, "", "", "1", ""}},
      {"no trace", {"", SPAN, "", "1", ""}},
      {"a parent alone", {"", "", PARENT, "1", ""}},
      {"capitals in the trace", {"80F198EE56343BA864FE8B2A57D3EFF7", SPAN, "", "1", ""}},
      {"trace of zeros", {ZEROS ZEROS, SPAN, "", "1", ""}},
      {"span of zeros", {WIDE, ZEROS, "", "1", ""}},
      {"a wide span", {WIDE, WIDE, "", "1", ""}},
      {"a short parent", {WIDE, SPAN, "e457", "1", ""}},
      {"sampled d", {WIDE, SPAN, "", "d", ""}},
      {"sampled yes", {"", "", "", "yes", ""}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK_FALSE(parse_b3_multi(row.fields));
  }
}

TEST_CASE("b3: what the sender decided") {
  const auto decided = [](Sampling sampling) {
    B3Context context;
    context.sampling = sampling;
    return context.sampled();
  };
  CHECK(decided(Sampling::kDefer) == std::nullopt);
  CHECK(decided(Sampling::kDeny) == false);
  CHECK(decided(Sampling::kAccept) == true);
  CHECK(decided(Sampling::kDebug) == true);
}

TEST_CASE("b3: nothing to say") {
  ArenaPool pool;
  Arena arena(pool);
  CHECK(format_b3_single({}, arena).empty());
  CHECK(joined(format_b3_multi({}, arena)) == "|||||");
}

}  // namespace
}  // namespace woad
