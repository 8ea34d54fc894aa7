#include "proxy/control/stores/make_store.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/folder.h"

namespace woad::control {
namespace {

using woad::test::Folder;

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
           Row{"consul:http://x",
               "unknown store consul:http://x; there are dir:PATH, etcd:http://HOST:PORT[,...], "
               "kubernetes"},
           Row{"kubernetes:x", "kubernetes takes nothing behind a colon"},
           Row{"etcd:http://127.0.0.1:2379", ""},
           Row{"etcd:http://a:2379,http://b:2379", ""},
           Row{"etcd:http://a:2379,b:2379,[::1]:2379", ""},
           Row{"etcd:http://a:2379/", ""},
           Row{"etcd:", "etcd: needs a URL"},
           Row{"etcd:a:2379", "etcd: a:2379 is not a URL"},
           Row{"etcd:http://a", "etcd: http://a has no port"},
           Row{"etcd:http://[::1]", "etcd: http://[::1] has no port"},
           Row{"etcd:http://a:2379/v3", "etcd: http://a:2379/v3 has a path"},
           Row{"etcd:http://a:2379,,http://b:2379", "etcd: http:// is not a URL"},
       }) {
    CAPTURE(row.word);
    const Result<std::unique_ptr<Store>> made = make_store(row.word, means);
    const std::string error = made ? "" : made.error().message;
    CHECK(static_cast<bool>(made) == (*row.error == '\0'));
    CHECK(error.find(row.error) == 0);
    const Result<void> checked = check_store_word(row.word);
    CHECK((checked ? "" : checked.error().message) == error);
  }
}

TEST_CASE("etcd over TLS: what it shows and believes is in a folder") {
  BlockPool blocks;
  Loop loop;
  FileEvents events(loop);
  const Folder folder;
  const StoreMeans means{
      .loop = loop, .blocks = blocks, .events = events, .tls_folder = folder.path.string()};
  const Result<std::unique_ptr<Store>> none = make_store("etcd:https://a:2379", means);
  REQUIRE(!none);
  CHECK(none.error().message.find("etcd: a:2379: " + (folder / "tls.crt")) == 0);
  CHECK(make_store("etcd:http://a:2379", means));
}

}  // namespace
}  // namespace woad::control
