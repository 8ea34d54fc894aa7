#include "config/document.h"

#include <doctest/doctest.h>

using namespace woad::config;

namespace {

struct Parsed {
  Diagnostics diagnostics{"f"};
  std::shared_ptr<const Document> document;
};

Parsed parse(const std::string& text, const Environment& environment = Environment::none()) {
  Parsed parsed;
  const auto yaml = Document::yaml_of(text, parsed.diagnostics);
  if (yaml) parsed.document = Document::parse(*yaml, environment, parsed.diagnostics);
  return parsed;
}

// The first error's message, or "".
std::string first_error(const std::string& text) {
  const auto errors = parse(text).diagnostics.sorted();
  return errors.empty() ? "" : errors.front().message;
}

std::string repeat(std::string_view what, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += what;
  return all;
}

}  // namespace

TEST_CASE("a tree with places and paths") {
  const auto parsed = parse("a:\n  - b: 1\n    c: [x, 'y z']\n  - ~\nd: {e: \"\"}\n");
  REQUIRE(parsed.document);
  CHECK(parsed.diagnostics.ok());
  const Node root = parsed.document->root();
  CHECK(root.is_map());
  CHECK(root.size() == 2);
  CHECK(root.path().empty());
  const Node a = root.find("a");
  REQUIRE(a.is_seq());
  CHECK(a.key_location() == Location{1, 1});
  const Node c = (*a.items().begin()).find("c");
  REQUIRE(c.is_seq());
  Node last;
  for (const Node item : c.items()) last = item;
  CHECK(last.text() == "y z");
  CHECK(last.path() == "a[0].c[1]");
  CHECK(last.location() == Location{3, 12});
  CHECK(last.key().empty());
  const Node e = root.find("d").find("e");
  CHECK(e.is_scalar());
  CHECK(e.text().empty());
  CHECK(e.path() == "d.e");
  CHECK_FALSE(root.find("z"));
  CHECK_FALSE(root.find("z").find("y"));
  size_t nulls = 0;
  for (const Node item : a.items()) nulls += item.is_null() ? 1u : 0u;
  CHECK(nulls == 1);
}

TEST_CASE("nowhere is harmless") {
  const Node none;
  CHECK_FALSE(none);
  CHECK_FALSE(none.is_map());
  CHECK_FALSE(none.is_broken());
  CHECK(none.text().empty());
  CHECK(none.key().empty());
  CHECK(none.path().empty());
  CHECK(none.size() == 0);
  CHECK(none.items().begin() == none.items().end());
  CHECK(none.location() == Location{});
}

TEST_CASE("an empty file is a null") {
  for (const char* text : {"", "# only\n", "\n\n", "\xef\xbb\xbf"}) {
    const auto parsed = parse(text);
    REQUIRE(parsed.document);
    CHECK(parsed.document->root().is_null());
  }
}

TEST_CASE("a value that is left out stands at its key") {
  const auto parsed = parse("a:\n\n\nb: 1\n");
  CHECK(parsed.document->root().find("a").location() == Location{1, 1});
}

TEST_CASE("variables") {
  Environment environment = Environment::none();
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "x y";
    if (name == "EMPTY") return "";
    if (name == "NESTED") return "${A}";
    return std::nullopt;
  };
  struct Row {
    const char* text;
    const char* value;
  };
  for (const Row& row :
       {Row{"${A}", "x y"}, Row{"<${A}${A}>", "<x yx y>"}, Row{"${B:-d}", "d"}, Row{"${B:-}", ""},
        Row{"${A:-d}", "x y"}, Row{"${EMPTY}", ""}, Row{"${EMPTY:-d}", "d"}, Row{"$A", "$A"},
        Row{"$${A}", "${A}"}, Row{"a$", "a$"}, Row{"${NESTED}", "${A}"}, Row{"$$", "$$"},
        Row{"${B:-a:-b}", "a:-b"}}) {
    const auto parsed = parse("k: '" + std::string(row.text) + "'", environment);
    INFO(row.text);
    REQUIRE(parsed.document);
    CHECK(parsed.diagnostics.ok());
    CHECK(parsed.document->root().find("k").text() == row.value);
  }
  for (const char* text : {"${B}", "${", "${A", "${}", "${1}", "${A B}", "${A-x}", "${:-x}"}) {
    const auto parsed = parse("k: '" + std::string(text) + "'", environment);
    INFO(text);
    REQUIRE(parsed.document);
    CHECK(parsed.diagnostics.count() == 1);
    CHECK(parsed.document->root().find("k").is_broken());
  }
  // Keys are not expanded.
  CHECK(parse("'${B}': 1", environment).document->root().find("${B}"));
}

TEST_CASE("what may not stand in a file") {
  struct Row {
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"a: &x 1", "anchors (&) are not allowed"},
      {"a: &x", "anchors (&) are not allowed"},
      {"&x a: 1", "anchors (&) are not allowed"},
      {"a: !t b", "tags (!) are not allowed"},
      {"a: ! b", "tags (!) are not allowed"},
      {"a: !t", "tags (!) are not allowed"},
      {"a: !!map {}", "tags (!) are not allowed"},
      {"a: !!seq []", "tags (!) are not allowed"},
      {"<<: {}", "merge keys (<<) are not allowed"},
      {"a: 1\n---\nb: 1", "a second document"},
      {"a: 1\n...\nb: 1", "a second document"},
      {"{a: 1, a: 2}", "this key is here already"},
      {"a: 1\nb: 1\n'a': 2", "this key is here already"},
      {"{[a]: b}", "a key must be a plain text"},
      {"? {a: b}\n: c", "a key must be a plain text"},
      {"{: b}", "a key is missing before \":\""},
      {"a: \"\\0\"", "a text may not hold a NUL byte"},
      {std::string("a: b\0c", 6), "the control character 0x00 may not stand in the file"},
      {"a: \x7f", "the control character 0x7f may not stand in the file"},
      {"a: b\rc: d", "a carriage return without a line feed"},
      {"a: \xc0\x80", "the byte 0xc0 is not UTF-8"},
      {"a: \xed\xa0\x80", "the byte 0xed is not UTF-8"},
      {"a: \xf5\x80\x80\x80", "the byte 0xf5 is not UTF-8"},
      {"a: \xe2\x82", "the byte 0xe2 is not UTF-8"},
      {std::string("\xff\xfe"
                   "a\0",
                   4),
       "the byte 0xff is not UTF-8"},
      {repeat("[", 65) + repeat("]", 65), "more than 64 levels of nesting"},
      {repeat("- ", 65) + "a", "more than 64 levels of nesting"},
      {"a: " + repeat("[", 100000), "more than 64 levels of nesting"},
      {repeat("{a: ", 100000), "more than 64 levels of nesting"},
      {"a: " + repeat("x", (1 << 20) + 9), "a text of more than 1 MiB"},
      {std::string(Document::kMaxBytes + 1, 'x'), "the file is larger than 64 MiB"},
  };
  for (const Row& row : rows) {
    INFO(row.text.substr(0, 60));
    CHECK(first_error(row.text) == row.message);
  }
}

TEST_CASE("what may look bad and is not") {
  for (const std::string& text :
       {repeat("[", 64) + repeat("]", 64), std::string("a: '!t'"), std::string("a: \"&x\""),
        std::string("a: '*x'"), std::string("a: |\n  !x &y *z\n"), std::string("'<': 1"),
        std::string("---\na: 1\n"), std::string("a: 1\n...\n"), std::string("a: \xf0\x9f\x98\x80"),
        std::string("a: 'x'\r\nb: \"!\"\r\nc: '!'\r\n"), "a: '" + repeat("[", 1999) + "'"}) {
    INFO(text.substr(0, 60));
    CHECK(first_error(text).empty());
  }
}

TEST_CASE("too many values") {
  CHECK(first_error("[" + repeat("a,", 1'000'001) + "]") == "more than 1,000,000 values");
  CHECK(first_error("[" + repeat("[],", 1'500'000) + "]") == "more than 1,000,000 values");
}

TEST_CASE("an alias bomb and a cycle are refused as they are read") {
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  CHECK(parse(bomb).diagnostics.count() == 60 + 2 * 59);
  CHECK(parse("&x [*x]").diagnostics.count() == 2);
  CHECK_FALSE(parse(repeat("- &x y\n", 5000)).document);  // enough errors end the reading
}

TEST_CASE("a dropped key is no longer in the map") {
  const auto parsed = parse("a: 1\nb: 2\na: 3\n<<: 4\nc: 5\n");
  const Node root = parsed.document->root();
  CHECK(root.size() == 3);
  CHECK(root.find("a").text() == "1");
  CHECK_FALSE(root.find("<<"));
  CHECK(root.find("c").text() == "5");
}
