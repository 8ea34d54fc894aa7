#include "config/table.h"

#include <doctest/doctest.h>

#include "config/document.h"

using namespace woad;
using namespace woad::config;

namespace {

enum class Mode { kA, kB };
struct Delay {
  Share percent{1.0};
  Duration time = milliseconds(5);
};
struct Item {
  std::string word;
  uint16_t number = 7;
  Node source;
};
struct Settings {
  bool on = true;
  uint32_t count = 3;
  std::string text = "t";
  Duration time = seconds(1);
  ByteSize size = kib(4);
  Mode mode = Mode::kB;
  std::optional<Delay> delay;
  Delay always;
  std::vector<std::string> list;
  std::vector<Item> items;
  std::map<std::string, uint32_t> map;
  Located<std::string> place;
};

const Table<Delay> kDelay{
    {"percent", &Delay::percent, "Share."},
    {"for", &Delay::time, duration(milliseconds(1)), "How long."},
};
const Table<Item> kItem{
    required<Item>({"word", &Item::word, name(), "A word."}, "give it a word"),
    {"number", &Item::number, "A number."},
};
const Table<Settings> kTable{
    {
        {"on", &Settings::on, "On."},
        {"count", &Settings::count, integer<uint32_t>(1, 10), "Count."},
        {"text", &Settings::text, "Text."},
        {"time", &Settings::time, duration_or_off(), "Time."},
        {"size", &Settings::size, "Size."},
        {"mode", &Settings::mode, words<Mode>({{"a", Mode::kA}, {"b", Mode::kB}}), "Mode."},
        {"delay", &Settings::delay, kDelay, "Delay."},
        {"always", &Settings::always, kDelay, "Always."},
        {"list", &Settings::list, "List."},
        {"items", &Settings::items, kItem, "Items."},
        {"map", &Settings::map, "Map."},
        {"place", &Settings::place, "Place."},
    },
    [](const Settings& settings, const Node& node, Diagnostics& d) {
      if (settings.text == "bad") d.error_below(node, "text", "is bad");
    }};

struct Decoded {
  std::shared_ptr<const Document> document;
  Settings settings;
  std::vector<Diagnostic> errors;
  bool good = false;
};

Decoded decode(const std::string& text, Settings on_top_of = {}) {
  Diagnostics d("f");
  Decoded decoded{Document::parse(text, Environment::none(), d), std::move(on_top_of), {}};
  REQUIRE(decoded.document);
  decoded.good = kTable.decode(decoded.document->root(), decoded.settings, d);
  decoded.errors = d.sorted();
  return decoded;
}

}  // namespace

TEST_CASE("nothing given, nothing changed") {
  for (const char* text : {"{}", "", "~"}) {
    const Decoded d = decode(text);
    CHECK(d.good);
    CHECK(d.settings.count == 3);
    CHECK_FALSE(d.settings.delay);
  }
}

TEST_CASE("every type") {
  const Decoded d = decode(
      "{on: false, count: 10, text: 5, time: off, size: 1MiB, mode: a, delay: {for: 2s}, "
      "list: [a, b], items: [{word: w}, {word: v, number: 1}], map: {k: 1, l: 2}, place: here}");
  REQUIRE(d.errors.empty());
  const Settings& s = d.settings;
  CHECK_FALSE(s.on);
  CHECK(s.count == 10);
  CHECK(s.text == "5");
  CHECK(s.time == Duration(0));
  CHECK(s.size == mib(1));
  CHECK(s.mode == Mode::kA);
  REQUIRE(s.delay);
  CHECK(s.delay->time == seconds(2));
  CHECK(s.delay->percent.value == 1.0);
  CHECK(s.list == std::vector<std::string>{"a", "b"});
  REQUIRE(s.items.size() == 2);
  CHECK(s.items[0].number == 7);
  CHECK(s.items[1].source.path() == "items[1]");
  CHECK(s.map == std::map<std::string, uint32_t>{{"k", 1}, {"l", 2}});
  CHECK(s.place.value == "here");
  CHECK(s.place.node.path() == "place");
}

TEST_CASE("decoding goes on top of what is there") {
  const Decoded chain = decode("{count: 5, delay: {for: 2s}, always: {percent: 10%}, list: [a]}");
  const Decoded service = decode("{text: x, delay: {percent: 20%}}", chain.settings);
  const Decoded route = decode("{always: {for: 9s}, list: [b]}", service.settings);
  REQUIRE(route.good);
  const Settings& s = route.settings;
  CHECK(s.count == 5);
  CHECK(s.text == "x");
  CHECK(s.delay->time == seconds(2));
  CHECK(s.delay->percent.value == doctest::Approx(0.2));
  CHECK(s.always.percent.value == doctest::Approx(0.1));
  CHECK(s.always.time == seconds(9));
  CHECK(s.list == std::vector<std::string>{"b"});
}

TEST_CASE("a required key that an earlier level gave may be missing later") {
  struct Outer {
    std::optional<Item> item;
  };
  const Table<Outer> table{{"item", &Outer::item, kItem, "Item."}};
  const auto parse = [](const char* text) {
    Diagnostics d("f");
    return Document::parse(text, Environment::none(), d);
  };
  Outer outer;
  Diagnostics d("f");
  const auto chain = parse("{item: {word: w, number: 1}}");
  const auto route = parse("{item: {number: 2}}");
  CHECK(table.decode(chain->root(), outer, d));
  CHECK(table.decode(route->root(), outer, d));
  CHECK(outer.item->word == "w");
  CHECK(outer.item->number == 2);
  Outer fresh;
  CHECK_FALSE(table.decode(route->root(), fresh, d));
}

TEST_CASE("errors") {
  struct Row {
    const char* text;
    const char* path;
    const char* message;
    const char* hint;
  };
  for (const Row& row :
       {Row{"{cuont: 5}", "cuont", "unknown key", "did you mean \"count\"?"},
        Row{"{count: 11}", "count", "11 is out of range", "a whole number from 1 to 10"},
        Row{"{count: x}", "count", "\"x\" is not a whole number", "a whole number from 1 to 10"},
        Row{"{count: []}", "count", "expected integer, got a list", "a whole number from 1 to 10"},
        Row{"{count: }", "count", "expected integer, got nothing", "a whole number from 1 to 10"},
        Row{"{on: yes}", "on", "\"yes\" is neither true nor false", "write true or false"},
        Row{"{time: 5}", "time", "\"5\" is not a duration",
            "durations are 250ms, 5s, 1m, 1h, or off"},
        Row{"{time: 0s}", "time", "0 is no limit to keep: write off",
            "durations are 250ms, 5s, 1m, 1h, or off"},
        Row{"{size: 5}", "size", "\"5\" is not a size", "sizes are 64KiB, 1MiB, 1GiB"},
        Row{"{mode: c}", "mode", "\"c\" is not one of a, b", ""},
        Row{"{delay: {percent: 5}}", "delay.percent", "\"5\" is not a share", "write 5%"},
        Row{"{delay: {percent: {}}}", "delay.percent", "expected share, got a map",
            "shares are 20% or 0.2"},
        Row{"{delay: {for: 0ms}}", "delay.for", "0ms is too short: the least is 1ms",
            "durations are 250ms, 5s, 1m, 1h"},
        Row{"{list: a}", "list", "expected a list, got a text", ""},
        Row{"{map: []}", "map", "expected a map, got a list", ""},
        Row{"{map: {k: x}}", "map.k", "\"x\" is not a whole number",
            "a whole number from 0 to 4294967295"},
        Row{"{items: [{}]}", "items[0].word", "is required and missing", "give it a word"},
        Row{"{items: [{wrod: x}]}", "items[0].wrod", "unknown key", "did you mean \"word\"?"},
        Row{"{items: [{word: ''}]}", "items[0].word", "must not be empty", ""},
        Row{"{items: [{word: a, number: 65536}]}", "items[0].number", "65536 is out of range",
            "a whole number from 0 to 65535"},
        Row{"{text: bad}", "text", "is bad", ""},
        Row{"[]", "", "expected a map of settings, got a list", ""}}) {
    const Decoded d = decode(row.text);
    INFO(row.text);
    CHECK_FALSE(d.good);
    REQUIRE(d.errors.size() == 1);
    CHECK(d.errors[0].path == row.path);
    CHECK(d.errors[0].message == row.message);
    CHECK(d.errors[0].hint == row.hint);
  }
}

TEST_CASE("all errors at once; the rule on the whole waits for good fields") {
  const Decoded d = decode("{on: 1, count: 0, text: bad, nope: 1, items: [{}, {}]}");
  CHECK(d.errors.size() == 5);
}

TEST_CASE("schema and reference rows come from the same fields") {
  const std::string schema = kTable.schema_text();
  CHECK(schema.find("\"additionalProperties\":false") != std::string::npos);
  CHECK(schema.find("\"required\":[\"word\"]") != std::string::npos);
  CHECK(schema.find("\"description\":\"Count.\",\"default\":3") != std::string::npos);
  std::vector<ReferenceRow> rows;
  kTable.rows("", rows);
  const auto row = [&rows](const std::string& path) {
    for (const auto& r : rows) {
      if (r.path == path) return r.type + "|" + r.default_text + "|" + r.doc;
    }
    return std::string("missing");
  };
  CHECK(row("time") == "duration or off|1s|Time.");
  CHECK(row("mode") == "a, b|b|Mode.");
  CHECK(row("delay.for") == "duration|5ms|How long.");
  CHECK(row("items[].word") == "text|required|A word.");
  CHECK(row("items[].number") == "integer|7|A number.");
}
