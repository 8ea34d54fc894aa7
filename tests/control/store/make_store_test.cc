#include "proxy/control/store/make_store.h"

#include <doctest/doctest.h>

#include <string>

namespace woad::control {
namespace {

TEST_CASE("words that name a store, and what is said of others") {
  BlockPool blocks;
  Loop loop;
  FileEvents events(loop);
  const StoreMeans means{.loop = loop, .blocks = blocks, .events = events};

  struct Row {
    const char* word;
    const char* error;  // a part of it; "": none
  };
  for (const Row& row : {
           Row{"dir:/somewhere", ""},
           Row{"dir:", "dir: needs the path of a folder"},
           Row{"dir", "dir: needs the path of a folder"},
           Row{"", "unknown store"},
           Row{"/somewhere", "unknown store /somewhere; there are dir:PATH"},
           Row{"consul:http://x", "unknown store consul:http://x; there are dir:PATH"},
       }) {
    CAPTURE(row.word);
    const Result<std::unique_ptr<Store>> made = make_store(row.word, means);
    const std::string error = made ? "" : made.error().message;
    CHECK(static_cast<bool>(made) == (*row.error == '\0'));
    CHECK(error.find(row.error) == 0);
  }
}

}  // namespace
}  // namespace woad::control
