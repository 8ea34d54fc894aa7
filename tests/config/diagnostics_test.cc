#include "config/diagnostics.h"

#include <doctest/doctest.h>

using namespace woad::config;

namespace {

std::shared_ptr<const std::string> text_of(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

TEST_CASE("errors are sorted by line and column, those of one place in their order") {
  Diagnostics d("a.yaml");
  CHECK(d.ok());
  d.error(Location{2, 5}, "b", "second");
  d.error(Location{10, 1}, "d", "last");
  d.error(Location{2, 5}, "c", "third");
  d.error(Location{1, 9}, "a", "first", "try this");
  CHECK_FALSE(d.ok());
  CHECK(d.text() ==
        "a.yaml:1:9: error: a: first; try this\na.yaml:2:5: error: b: second\n"
        "a.yaml:2:5: error: c: third\na.yaml:10:1: error: d: last\n");
}

TEST_CASE("the source line is shown with a caret below the byte") {
  struct Row {
    const char* source;
    Location at;
    const char* shown;
  };
  for (const Row& row :
       {Row{"a: b\n", {1, 4}, "a: b\n   ^\n"}, Row{"a: b", {1, 4}, "a: b\n   ^\n"},
        Row{"\ta: b\r\nc", {1, 5}, " a: b\n    ^\n"},
        Row{"\xc3\xbc: b\n", {1, 5}, "\xc3\xbc: b\n   ^\n"}, Row{"a\n", {2, 1}, "\n^\n"},
        Row{"a\n", {9, 1}, ""}, Row{"a\n", {1, 99}, "a\n ^\n"},
        Row{"a\xff\x1b"
            "b\n",
            {1, 2},
            "a? b\n ^\n"},
        Row{"\xef\xbb\xbf"
            "a: b\n",
            {1, 4},
            "a: b\n   ^\n"}}) {
    Diagnostics d("f", text_of(row.source));
    d.error(row.at, "", "x");
    const std::string text = d.text();
    INFO(text);
    CHECK(text.substr(text.find('\n') + 1) == row.shown);
  }
}

TEST_CASE("of a long line the part around the place is shown") {
  Diagnostics d("f", text_of(std::string(5000, 'x') + "HERE" + std::string(5000, 'y')));
  d.error(Location{1, 5001}, "", "x");
  const std::string text = d.text();
  CHECK(text.size() < 400);
  CHECK(text.find("HERE") != std::string::npos);
  const size_t line = text.find('\n') + 1;
  CHECK(text.find('^') - text.find('\n', line) - 1 == text.find("HERE") - line);
}

TEST_CASE("a file as a whole has no line") {
  Diagnostics d("f");
  d.error(Location(), "", "cannot read the file: No such file or directory");
  CHECK(d.text() == "f: error: cannot read the file: No such file or directory\n");
}

TEST_CASE("json") {
  Diagnostics d("f");
  CHECK(d.json() == "[]\n");
  d.error(Location{3, 4}, "a.b", "says \"no\" \xff", "h");
  CHECK(
      d.json() ==
      "[\n  {\n    \"file\": \"f\",\n    \"line\": 3,\n    \"column\": 4,\n    \"path\": \"a.b\",\n"
      "    \"message\": \"says \\\"no\\\" \xef\xbf\xbd\",\n    \"hint\": \"h\"\n  }\n]\n");
}

TEST_CASE("very many errors are cut, and the list says so") {
  Diagnostics d("f");
  for (uint32_t i = 0; i < Diagnostics::kMaxErrors; ++i) d.error(Location{1, 1}, "", "x");
  CHECK_FALSE(d.full());
  d.error(Location{1, 1}, "", "x");
  CHECK(d.full());
  CHECK(d.count() == Diagnostics::kMaxErrors + 1);
  CHECK(d.text().ends_with("f: error: 1 more errors are not shown\n"));
}

TEST_CASE("did you mean") {
  const std::vector<std::string_view> known{"address", "app", "protocol", "mtls", "to"};
  struct Row {
    const char* word;
    const char* meant;
  };
  for (const Row& row :
       {Row{"adress", "address"}, Row{"addresses", "address"}, Row{"ap", "app"},
        Row{"protcool", "protocol"}, Row{"mlts", "mtls"}, Row{"address", "address"}, Row{"xyz", ""},
        Row{"", ""}, Row{"a", ""}, Row{"port", ""}}) {
    INFO(row.word);
    const std::string meant(row.meant);
    CHECK(did_you_mean(row.word, known) ==
          (meant.empty() ? "" : "did you mean \"" + meant + "\"?"));
  }
  CHECK(did_you_mean(std::string(5000, 'a'), known).empty());
  CHECK(did_you_mean("a", {}).empty());
}

TEST_CASE("quoted texts are short and harmless") {
  CHECK(in_quotes("a\n\x1b[31m") == "\"a  [31m\"");
  CHECK(in_quotes(std::string(500, 'x')).size() < 80);
}
