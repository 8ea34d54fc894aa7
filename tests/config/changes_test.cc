// Reading what changed gives what reading the whole gives: the same configuration, or the same
// errors at the same places.
#include "config/changes.h"

#include <doctest/doctest.h>

#include <random>

#include "config/load.h"
#include "tests/config/show_config.h"

using namespace woad::config;

namespace {

constexpr std::string_view kHead = R"(# Written by a control plane.
version: "7"
node:
  service: cart
  labels: { zone: "a: b" }
tls: { certificate: c.pem, key: k.pem, trust_bundle: b.pem }

services:   # all of the mesh
  # the first
)";

// Entries of all manners of writing; each stands between two others in the files below.
constexpr std::string_view kServices[] = {
    "  price:\n    hosts: [price, \"*.price.shop\"]\n    endpoints:\n"
    "      - { address: 127.0.0.1:9001, weight: 3 }\n"
    "      - { address: 127.0.0.1:9002, labels: { color: red, note: \"it's: #1\" } }\n",
    "  stock:\n    endpoints:\n    - address: stock.shop:80\n      labels:\n        color: blue\n"
    "        note: |\n          # not a comment\n\n          services:\n    # indented less\n\n",
    "  \"user\":\n    fallback:\n      none\n    tls: { mode: tls, sni: 'user.shop' }\n",
    "  pay: { endpoints: [ { address: \"[::1]:80\" },\n    { address: 10.0.0.1:80 } ] }\n",
    "  mail: # who sends\n    external: true\n    load_balancing: { policy: random }\n# at the "
    "edge\n",
    "  'v7':\n    filters:\n      timeout: { request: \"${T:-5s}\" }\n      fault:\n        "
    "delay:\n"
    "          percent: 1%\n    endpoints: []\n",
    "  empty:\n",
    "  long-text:\n    hosts:\n      - long-text\n    endpoints: [{ address: 127.0.0.1:1, labels:\n"
    "      { note: \"over\n        two lines\" } }]\n    pools:\n      ? red\n      : { "
    "on_unhealthy: panic }\n",
};

constexpr std::string_view kTail = R"(
routes:
  - match: { path: { prefix: /a } }
    to: price
  - match: { hosts: [x.shop] }
    to: [ { service: pay, weight: 1 }, { service: stock } ]
drain: { delay: 1s }
)";

using Random = std::mt19937;

size_t below(Random& random, size_t limit) { return limit == 0 ? 0 : random() % limit; }

std::string file_of(std::string_view head, std::string_view tail) {
  std::string text(head);
  text += "  a-first:\n    endpoints: []\n";
  for (const std::string_view service : kServices) text += service;
  return text + "  z-last:\n    endpoints: [{ address: 127.0.0.1:2 }]\n" + std::string(tail);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

// What an edit may put in: words that YAML, the splitter or the tables know.
constexpr std::string_view kPieces[] = {"\"",
                                        "'",
                                        "|",
                                        ">",
                                        "|+",
                                        "#",
                                        " # ",
                                        ":",
                                        ": ",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        "-",
                                        "- ",
                                        "? ",
                                        "&a ",
                                        "*a",
                                        "!x ",
                                        "%",
                                        "---\n",
                                        "...\n",
                                        "\t",
                                        " ",
                                        "  ",
                                        "    ",
                                        "\n",
                                        "\r\n",
                                        "\n\n",
                                        "~",
                                        "services:",
                                        "  x:\n",
                                        "  x: {}\n",
                                        "x:\n",
                                        "routes: []\n",
                                        "7",
                                        "${T}",
                                        "${T:-1s}",
                                        "\\",
                                        "@",
                                        "\xc3\xa9",
                                        "\xef\xbb\xbf",
                                        "price",
                                        "  price: {}\n",
                                        "<<: ",
                                        "  # c\n",
                                        "\x01",
                                        "}}",
                                        "null"};

void edit_text(Random& random, std::string& text) {
  const size_t at = below(random, text.size());
  switch (below(random, 3)) {
    case 0: text.erase(at, 1 + below(random, 4)); break;
    case 1: text.insert(at, kPieces[below(random, std::size(kPieces))]); break;
    default: text.replace(at, 1, kPieces[below(random, std::size(kPieces))]);
  }
}

void edit_lines(Random& random, std::string& text) {
  auto lines = lines_of(text);
  if (lines.empty()) return;
  const size_t at = below(random, lines.size());
  const size_t other = below(random, lines.size());
  const auto place = [&](size_t index) { return lines.begin() + static_cast<ptrdiff_t>(index); };
  switch (below(random, 6)) {
    case 0: lines.erase(place(at)); break;
    case 1: lines.insert(place(at), std::string(lines[other])); break;
    case 2: std::swap(lines[at], lines[other]); break;
    case 3: lines[at].insert(0, std::string(1 + below(random, 3), ' ')); break;
    case 4: lines[at].erase(0, 1 + below(random, 2)); break;
    default:
      lines.insert(place(at), std::string(kPieces[below(random, std::size(kPieces))]) + "\n");
  }
  text.clear();
  for (const std::string& line : lines) text += line;
}

void edit_services(Random& random, std::string& text) {
  const auto split = split_services(text);
  if (!split) return edit_lines(random, text);
  std::vector<std::string> services;
  for (const ServiceText& service : split->services) services.emplace_back(service.text);
  const size_t at = below(random, services.size());
  const auto place = services.begin() + static_cast<ptrdiff_t>(at);
  switch (below(random, 4)) {
    case 0: services.erase(place); break;
    case 1:
      services.insert(place, std::string(kServices[below(random, std::size(kServices))]));
      break;
    case 2: std::swap(services[at], services[below(random, services.size())]); break;
    default: services.insert(place, "  new-" + std::to_string(random() % 9) + ": {}\n");
  }
  std::string whole(split->head);
  for (const std::string& service : services) whole += service;
  text = whole + std::string(split->tail);
}

std::string edited(Random& random, std::string text) {
  for (size_t edits = 1 + below(random, 2); edits > 0; --edits) {
    const size_t kind = below(random, 4);
    kind == 0   ? edit_services(random, text)
    : kind == 1 ? edit_text(random, text)
                : edit_lines(random, text);
  }
  return text;
}

LoadResult load(const std::string& text, const Config* previous = nullptr) {
  return load_text(text, "f.yaml", Environment::none(), previous);
}

// Loads `text` in both ways and compares; the one that knows `previous`.
LoadResult check_same(const std::string& text, const Config& previous) {
  const LoadResult whole = load(text);
  LoadResult changes = load(text, &previous);
  INFO(text);
  CHECK(changes.diagnostics.text() == whole.diagnostics.text());
  REQUIRE((changes.config == nullptr) == (whole.config == nullptr));
  if (whole.ok()) CHECK(show_config(*changes.config) == show_config(*whole.config));
  return changes;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

const std::string kFile = file_of(kHead, kTail);

}  // namespace

TEST_CASE("changes: services whose lines are the same are the same objects") {
  const LoadResult first = load(kFile);
  REQUIRE_MESSAGE(first.ok(), first.diagnostics.text());
  REQUIRE(first.config->service_texts.size() == 10);
  CHECK(first.config->tells_places());
  const LoadResult second =
      load(replaced(kFile, "127.0.0.1:9001", "127.0.0.1:9003"), first.config.get());
  REQUIRE(second.ok());
  CHECK_FALSE(second.config->tells_places());
  CHECK(second.config->services[1]->endpoints[0].address->port == 9003);
  for (size_t i = 0; i < 10; ++i) {
    INFO(i);
    // The first and the last stand beside other things than services.
    const bool read = i <= 1 || i == 9;
    CHECK((second.config->services[i] == first.config->services[i]) != read);
  }
}

TEST_CASE("changes: a service that moved, one that is gone, one that is new") {
  const LoadResult first = load(kFile);
  const std::string pay(kServices[3]);
  std::string text = replaced(kFile, pay, "");
  text = replaced(text, kServices[0],
                  "  before:\n    endpoints: []\n" + pay + std::string(kServices[0]));
  text = replaced(text, kServices[6], "");
  const LoadResult second = check_same(text, *first.config);
  REQUIRE(second.ok());
  CHECK(second.config->services[2] == first.config->services[4]);
  CHECK(second.config->services[3] == first.config->services[1]);
  // And on from there.
  const LoadResult third = check_same(replaced(text, "before:", "after:"), *second.config);
  CHECK(third.config->services[2] == first.config->services[4]);
}

TEST_CASE("changes: the tree goes, what filters decode stays") {
  const LoadResult first = load(kFile);
  first.config->document->clear();
  CHECK_FALSE(first.config->tells_places());
  CHECK_FALSE(first.config->services[1]->source);
  CHECK(first.config->services[1]->endpoints[0].address.node.path().empty());
  const FilterSettings& timeout = first.config->services[6]->filters[0];
  CHECK(timeout.settings.find("request").text() == "5s");
  CHECK(timeout.settings.find("request").path() == "services.v7.filters.timeout.request");
  CHECK(timeout.settings.key() == "timeout");
  check_same(replaced(kFile, "127.0.0.1:9001", "127.0.0.1:9003"), *first.config);
}

TEST_CASE("changes: what services say to one another, and to the rest") {
  const LoadResult first = load(kFile);
  struct Row {
    std::string_view what, with;
  };
  for (const Row& row : {
           Row{"service: cart", "service: cart\n  x: 1"},          // an error before
           Row{"delay: 1s", "delay: 1h"},                          // and one behind
           Row{"to: price", "to: prise"},                          // a reference
           Row{"  empty:", "  price:"},                            // a name twice
           Row{"  empty:", "  'price':"},                          // written in another way
           Row{"  empty:", "  empty: { hosts: [price] }"},         // a host twice
           Row{"tls: {", "#tls: {"},                               // what mtls needs
           Row{"  - match: { hosts", "services: {}\nx: { hosts"},  // a key twice
           Row{"address: stock.shop:80", "address: stock.shop:80x"},
           Row{"  mail: #", "  mail: \"#"},
           Row{"  mail: #", "  mail: |\n#"},
           Row{"version: \"7\"", "version: \"\n7\nservices:\n  a: b\n\""},
           Row{"  - match: { path", "  - match: { path: \""},
           Row{"services: ", "services: {}"},
           Row{"z-last:\n", "z-last: \"\n"},
           Row{"drain:", "\"drain\":"},
           Row{"routes:", "--- \nroutes:"},
       }) {
    check_same(replaced(kFile, row.what, row.with), *first.config);
  }
}

TEST_CASE("changes: many random edits") {
  const std::string no_tail = file_of(kHead, "");
  std::string crlf;
  for (const char c : kFile) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const std::string files[] = {kFile, no_tail, no_tail.substr(0, no_tail.size() - 1), crlf,
                               "\xef\xbb\xbf" + kFile};
  Random random(20261128);
  int good = 0;
  int shared = 0;
  for (const std::string& file : files) {
    LoadResult running = load(file);
    REQUIRE_MESSAGE(running.ok(), running.diagnostics.text());
    std::string text = file;
    for (int i = 0; i < 400; ++i) {
      std::string next = edited(random, text);
      LoadResult changes = check_same(next, *running.config);
      if (!changes.ok()) continue;
      ++good;
      if (changes.config->has_older_services) ++shared;
      running = std::move(changes);
      text = std::move(next);
      if (i % 40 == 39) running = load(text = file);
    }
  }
  // The test says nothing unless both happen often.
  CHECK(good > 300);
  CHECK(shared > 200);
  MESSAGE(good, " good, ", shared, " shared");
}
