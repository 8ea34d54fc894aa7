#include "proxy/observe/tap.h"

#include <doctest/doctest.h>

namespace woad {
namespace {

constexpr size_t kAll = size_t{1} << 30;

AccessRecord record() {
  AccessRecord record;
  record.path = "/price/list";
  record.service = "price";
  record.color = "red";
  record.tenant = "acme";
  record.response_code = 503;
  return record;
}

std::string taken(Tap& tap, size_t enough = kAll) {
  std::string out;
  (void)tap.read(out, enough);
  return out;
}

TEST_CASE("tap: what a filter wants") {
  const struct {
    const char* what;
    TapFilter filter;
    bool matches;
  } cases[] = {
      {"everything", {}, true},
      {"color", {.color = "red"}, true},
      {"another color", {.color = "red.alice"}, false},
      {"undyed", {.color = "base"}, false},
      {"tenant", {.tenant = "acme"}, true},
      {"another tenant", {.tenant = "acm"}, false},
      {"service", {.service = "price"}, true},
      {"another service", {.service = "pric"}, false},
      {"path", {.path = "/price/list"}, true},
      {"first segment", {.path = "/price"}, true},
      {"first segment with a slash", {.path = "/price/"}, true},
      {"any path", {.path = "/"}, true},
      {"part of a segment", {.path = "/pri"}, false},
      {"longer path", {.path = "/price/list/x"}, false},
      {"query is no path", {.path = "/price/list?x=1"}, false},
      {"status", {.lowest_status = 503, .highest_status = 503}, true},
      {"class", {.lowest_status = 500, .highest_status = 599}, true},
      {"another class", {.lowest_status = 400, .highest_status = 499}, false},
      {"no answer", {.lowest_status = 0, .highest_status = 0}, false},
      {"all of them", {"red", "acme", "price", "/price", 500, 599}, true},
      {"all but one", {"red", "acme", "cart", "/price", 500, 599}, false},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    CHECK(each.filter.matches(record()) == each.matches);
  }
  AccessRecord undyed = record();
  undyed.color = "base";
  undyed.response_code = 0;
  CHECK(TapFilter{.color = "base"}.matches(undyed));
  CHECK(TapFilter{.lowest_status = 0, .highest_status = 0}.matches(undyed));
  undyed.path = "*";
  CHECK_FALSE(TapFilter{.path = "/"}.matches(undyed));
}

TEST_CASE("tap: lines come in order, whole, and wake the reader once") {
  Tap tap({}, 0);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kLine);
  CHECK(tap.push("one\n"));
  CHECK_FALSE(tap.push("two\n"));
  CHECK_FALSE(tap.push("three\n"));
  std::string out;
  Tap::Rest rest = tap.read(out, 5);
  CHECK(out == "one\ntwo\n");
  CHECK_FALSE(rest.over);
  // Still awake: it has not found the end.
  CHECK_FALSE(tap.push("four\n"));
  CHECK(taken(tap) == "three\nfour\n");
  CHECK(taken(tap) == "");
  CHECK(tap.push("five\n"));
  CHECK(taken(tap) == "five\n");
}

TEST_CASE("tap: what the filter does not want is neither taken nor counted") {
  Tap tap({.color = "blue"}, 0);
  for (int i = 0; i < 2000; ++i) CHECK(tap.ask(record(), MonoTime()) == Tap::News::kNone);
  CHECK(tap.take_dropped() == 0);
}

TEST_CASE("tap: the limit ends it behind its last line") {
  Tap tap({}, 2);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kLine);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kLine);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kLine);
  CHECK(tap.push("one\n"));
  std::string out;
  CHECK_FALSE(tap.read(out, kAll).over);
  CHECK(tap.push("two\n"));
  CHECK_FALSE(tap.push("three\n"));
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kNone);
  const Tap::Rest rest = tap.read(out, kAll);
  CHECK(out == "one\ntwo\n");
  CHECK(rest.over);
  CHECK(rest.dropped == 0);
}

TEST_CASE("tap: a reader that reads in pieces sees the end with the last one") {
  Tap tap({}, 2);
  (void)tap.push("one\n");
  (void)tap.push("two\n");
  std::string out;
  CHECK_FALSE(tap.read(out, 1).over);
  out.clear();
  CHECK(tap.read(out, 1).over);
  CHECK(out == "two\n");
}

TEST_CASE("tap: bytes that wait are bounded, what is over is dropped and counted") {
  Tap tap({}, 0);
  const std::string line(1024, 'x');
  for (size_t i = 0; i < Tap::kMaxWaiting / line.size(); ++i) (void)tap.push(line);
  CHECK(tap.take_dropped() == 0);
  CHECK_FALSE(tap.push("y"));
  // No line is made for a full tap.
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kNone);
  std::string out;
  Tap::Rest rest = tap.read(out, kAll);
  CHECK(out.size() == Tap::kMaxWaiting);
  CHECK(rest.dropped == 2);
  CHECK(tap.take_dropped() == 2);
  CHECK(tap.take_dropped() == 0);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kLine);
  // A line that would never fit.
  CHECK(tap.push(std::string(Tap::kMaxWaiting + 1, 'z')));
  CHECK(taken(tap) == "");
  CHECK(tap.take_dropped() == 1);
}

TEST_CASE("tap: a second's worth at once, then evenly spread") {
  Tap tap({}, 0);
  const MonoTime start(seconds(50));
  const auto ask = [&](Duration later) { return tap.ask(record(), start + later); };
  for (int i = 0; i < Tap::kLinesPerSecond; ++i) REQUIRE(ask(Duration(0)) == Tap::News::kLine);
  // The first drop wakes the reader, the next do not.
  CHECK(ask(Duration(0)) == Tap::News::kTellDrop);
  CHECK(ask(Duration(0)) == Tap::News::kNone);
  CHECK(ask(microseconds(999)) == Tap::News::kNone);
  CHECK(ask(milliseconds(1)) == Tap::News::kLine);
  CHECK(ask(milliseconds(1)) == Tap::News::kNone);
  // A clock of another thread that is behind.
  CHECK(ask(microseconds(500)) == Tap::News::kNone);
  CHECK(tap.take_dropped() == 5);
  int taken_lines = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (ask(milliseconds(1) + microseconds(100) * i) == Tap::News::kLine) ++taken_lines;
  }
  CHECK(taken_lines == 999);
  CHECK(tap.take_dropped() == 9001);
  for (int i = 0; i < Tap::kLinesPerSecond; ++i) REQUIRE(ask(seconds(9)) == Tap::News::kLine);
}

TEST_CASE("tap: the reader sleeps only when it knows of every drop") {
  Tap tap({}, 0);
  while (tap.ask(record(), MonoTime()) == Tap::News::kLine) continue;
  std::string out;
  CHECK(tap.read(out, kAll).dropped == 1);
  // Not told yet, so known: no wake-up for more of them.
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kNone);
  CHECK(tap.take_dropped() == 2);
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kTellDrop);
}

TEST_CASE("tap: closed, it takes and keeps nothing") {
  Tap tap({}, 0);
  (void)tap.push("one\n");
  tap.close();
  CHECK(tap.ask(record(), MonoTime()) == Tap::News::kNone);
  CHECK_FALSE(tap.push("two\n"));
  CHECK(taken(tap) == "");
  CHECK(tap.take_dropped() == 0);
}

}  // namespace
}  // namespace woad
