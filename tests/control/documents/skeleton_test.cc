#include "proxy/control/documents/skeleton.h"

#include <doctest/doctest.h>

#include "config/load.h"
#include "config/types.h"
#include "proxy/net/tls/digest.h"

using namespace woad;
using namespace woad::control;

namespace {

std::shared_ptr<const Block> block(const std::string& name,
                                   std::vector<Block::Endpoint> endpoints = {}) {
  return std::make_shared<const Block>("  " + name + ":\n", std::move(endpoints));
}

Block::Endpoint endpoint(const std::string& address) {
  return {address, "      - address: " + address + "\n"};
}

std::string body(const std::string& file) { return file.substr(file.find('\n') + 1); }

TEST_CASE("skeleton: static endpoints and instances are joined, an instance wins") {
  const Skeleton skeleton(
      "workers: 2\n", {{"price", block("price", {endpoint("10.0.0.1:1"), endpoint("10.0.0.2:1")})},
                       {"stock", block("stock")}});
  CHECK(body(skeleton.render({})) ==
        "workers: 2\nservices:\n  price:\n    endpoints:\n      - address: 10.0.0.1:1\n"
        "      - address: 10.0.0.2:1\n  stock:\n    endpoints: []\n");
  const AllInstances instances{
      {"price",
       {{"b", {"10.0.0.2:1", {{"color", "red"}, {"zone", "a"}}, 5}}, {"a", {"[::1]:9", {}, 100}}}},
      {"other", {{"x", {"10.9.9.9:1", {}, 100}}}}};
  CHECK(body(skeleton.render(instances)) ==
        "workers: 2\nservices:\n  price:\n    endpoints:\n      - address: 10.0.0.1:1\n"
        "      - { address: \"[::1]:9\" }\n"
        "      - { address: \"10.0.0.2:1\", weight: 5, labels: { \"color\": \"red\", \"zone\": "
        "\"a\" } }\n"
        "  stock:\n    endpoints: []\n");
}

TEST_CASE("skeleton: the version is that of the file without its line") {
  const Skeleton skeleton("workers: 2\n", {{"price", block("price")}});
  const std::string file = skeleton.render({});
  CHECK(file.substr(0, file.find('\n')) ==
        "version: \"" + sha256_hex(body(file)).substr(0, 12) + "\"");
  CHECK(Skeleton("workers: 2\n", {{"price", block("price")}}).render({}) == file);
}

TEST_CASE("skeleton: what others say is never a variable, nor anything but a text") {
  const Skeleton skeleton("", {{"price", block("price")}});
  const std::string odd = "${HOME} $${X} \"'\n: # {";
  const std::string file =
      skeleton.render({{"price", {{"a", {"10.0.0.1:1", {{"note", odd}}, 1}}}}});
  const auto loaded = config::load_text(file, "f", config::Environment::of_service("cart"));
  REQUIRE_MESSAGE(loaded.ok(), loaded.diagnostics.text());
  CHECK(*loaded.config->services.at(0)->endpoints.at(0).labels.at(0).second == odd);
}

TEST_CASE("skeleton: the same words have the same id, others another") {
  const auto id = [](const char* head, const char* name, const char* address) {
    return Skeleton(head, {{name, block("price", {endpoint(address)})}}).id();
  };
  const std::string one = id("a: 1\n", "price", "10.0.0.1:1");
  CHECK(one.size() == 64);
  CHECK(one == id("a: 1\n", "price", "10.0.0.1:1"));
  CHECK(one != id("a: 2\n", "price", "10.0.0.1:1"));
  CHECK(one != id("a: 1\n", "", "10.0.0.1:1"));
  CHECK(one != id("a: 1\n", "price", "10.0.0.2:1"));
  CHECK(one != Skeleton("a: 1\n", {{"price", block("price")}}).id());
}

TEST_CASE("skeleton: to the store and back") {
  const Skeleton skeleton("a: \"ä\"\n",
                          {{"price", block("price", {endpoint("10.0.0.1:1")})}, {"", block("b")}});
  const auto read = Skeleton::from_text(skeleton.to_text());
  REQUIRE(read);
  CHECK((*read)->id() == skeleton.id());
  CHECK((*read)->render({}) == skeleton.render({}));
  for (const char* text :
       {"", "[]", "{}", "null", R"({"head":1,"uses":[]})", R"({"head":"","uses":[{}]})",
        R"({"head":"","uses":[{"name":"a","text":"","endpoints":[[]]}]})",
        R"({"head":"","uses":[{"name":"a","text":"","endpoints":[["a"]]}]})"}) {
    CAPTURE(text);
    CHECK_FALSE(Skeleton::from_text(text));
  }
}

}  // namespace
