#include "proxy/net/tls/client_hello.h"

#include <doctest/doctest.h>

#include "tests/net/tls/peer.h"

namespace woad::test {
namespace {

using namespace std::string_literals;

std::string number(size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

std::string vector(std::string_view text, int length_bytes) {
  return number(text.size(), length_bytes) + std::string(text);
}

std::string server_name(std::string_view name) {
  return number(0, 2) + vector(vector("\0"s + vector(name, 2), 2), 2);
}

constexpr std::string_view kOtherExtension = "\0\x2b\0\3\2\3\4";

// A ClientHello of these extensions, without a record around it.
std::string message(const std::string& extensions) {
  const std::string body = "\3\3" + std::string(32, 'r') + vector("session", 1) +
                           vector("\x13\1", 2) + vector("\0"s, 1) + extensions;
  return "\1" + vector(body, 3);
}

std::string record(std::string_view fragment) { return "\x16\3\1" + vector(fragment, 2); }

std::string hello(std::string_view name) {
  return record(message(vector(std::string(kOtherExtension) + server_name(name), 2)));
}

TEST_CASE("client hello: the server's name, whatever else stands there") {
  struct Case {
    std::string_view what;
    std::string first;
    ClientHello::Kind kind;
    std::string_view name;
  };
  using Kind = ClientHello::Kind;
  const std::string long_name(255, 'a');
  const std::string one = message(vector(server_name("price.shop"), 2));
  const Case cases[] = {
      {"a name", hello("price.shop"), Kind::kRead, "price.shop"},
      {"upper case stays", hello("Price.SHOP"), Kind::kRead, "Price.SHOP"},
      {"the longest", hello(long_name), Kind::kRead, long_name},
      {"too long", hello(long_name + "a"), Kind::kMalformed, ""},
      {"no name", record(message(vector(kOtherExtension, 2))), Kind::kRead, ""},
      {"no extensions", record(message("")), Kind::kRead, ""},
      {"what comes behind it is not looked at", hello("a") + "\x17\3\3", Kind::kRead, "a"},
      {"two records", record(one.substr(0, 3)) + record(one.substr(3)), Kind::kRead, "price.shop"},
      {"not a name", hello("a/b"), Kind::kMalformed, ""},
      {"a NUL in it", hello("a\0b"s), Kind::kMalformed, ""},
      {"a server's hello", record("\2" + one.substr(1)), Kind::kMalformed, ""},
      {"an empty record", record(""), Kind::kMalformed, ""},
      {"alert", "\x15\3\1\0\2\2\x28"s, Kind::kMalformed, ""},
      {"another version", "\x16\2\1\0\1\1"s, Kind::kMalformed, ""},
      {"too long a message", record("\1" + number(ClientHello::kLongest + 1, 3)), Kind::kMalformed,
       ""},
      {"extensions that end too late", record(message(number(9, 2) + "\0\0"s)), Kind::kMalformed,
       ""},
      {"an extension that ends too late", record(message(vector("\0\x2b\0\x09x"s, 2))),
       Kind::kMalformed, ""},
      {"a name list that ends too late", record(message(vector("\0\0\0\4\0\x09xx"s, 2))),
       Kind::kMalformed, ""},
      {"nothing in it", record("\1\0\0\0"s), Kind::kMalformed, ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const ClientHello got = read_client_hello(each.first);
    CHECK(got.kind == each.kind);
    CHECK(got.server_name == each.name);
  }
}

TEST_CASE("client hello: every beginning of it needs more") {
  const std::string whole = message(vector(server_name("price"), 2));
  for (const std::string& text :
       {record(whole), record(whole.substr(0, 1)) + record(whole.substr(1))}) {
    for (size_t size = 0; size < text.size(); ++size) {
      CAPTURE(size);
      CHECK(read_client_hello(std::string_view(text).substr(0, size)).kind ==
            ClientHello::Kind::kNeedMore);
    }
    CHECK(read_client_hello(text).server_name == "price");
  }
}

TEST_CASE("client hello: of OpenSSL") {
  for (const std::string_view name : {"price.shop", ""}) {
    OpensslPeer client({.sni = std::string(name)});
    client.step();
    const ClientHello got = read_client_hello(client.take_output());
    CHECK(got.kind == ClientHello::Kind::kRead);
    CHECK(got.server_name == name);
  }
}

TEST_CASE("client hello: no byte that is wrong leads out of the text") {
  const std::string good = hello("price.shop");
  for (size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string bad = good;
      bad[at] = static_cast<char>(value);
      const ClientHello got = read_client_hello(bad);
      CHECK(got.server_name.size() <= 255);
      CHECK((got.kind == ClientHello::Kind::kRead || got.server_name.empty()));
    }
  }
}

}  // namespace
}  // namespace woad::test
