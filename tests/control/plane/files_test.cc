#include <string>

#include "proxy/base/base64.h"
#include "proxy/compress/zstd.h"
#include "proxy/net/tls/digest.h"
#include "tests/control/plane/replica.h"

namespace woad::control {
namespace {

TEST_CASE("the first file comes at once, the next one as soon as documents change") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const auto first = replica.poll("cart", "c-1");
  REQUIRE(first->status() == 200);
  CHECK(first->response->content_type == "application/yaml");
  CHECK(first->header("etag") == '"' + sha256_hex(first->body()) + '"');
  CHECK(first->body().find("version: \"" + first->header("x-woad-version") + "\"\n") !=
        std::string::npos);
  CHECK(first->header("x-woad-version").size() == 12);

  const auto waits = replica.poll("cart", "c-1", first->sha256());
  replica.pass(seconds(1));
  CHECK(waits->status() == 0);
  cluster.put("mesh.yaml", kMesh + "limits: { client_connections: 1001 }\n");
  replica.settle();
  REQUIRE(waits->status() == 200);
  CHECK(waits->sha256() != first->sha256());

  // Words of other documents that its file does not have change nothing.
  const auto again = replica.poll("cart", "c-1", waits->sha256());
  cluster.put("services/price.yaml", "service: { protocol: http1 }\n# the same\n");
  replica.pass(seconds(1));
  CHECK(again->status() == 0);
}

TEST_CASE("a wait ends with its time: 55 s, as asked, 60 s at most") {
  struct Case {
    const char* wait;
    Duration ends;
  };
  for (const Case& c : {Case{"", seconds(55)},
                        {"&wait=2s", seconds(2)},
                        {"&wait=10m", seconds(60)},
                        {"&wait=0s", Duration(0)}}) {
    CAPTURE(c.wait);
    MemoryCluster cluster = shop();
    Replica replica(cluster);
    const std::string have = replica.poll("cart", "c-1")->sha256();
    const auto waits = replica.poll("cart", "c-1", have, c.wait);
    if (c.ends > Duration(0)) {
      replica.pass(c.ends - milliseconds(100));
      CHECK(waits->status() == 0);
    }
    replica.pass(milliseconds(200));
    CHECK(waits->status() == 304);
    CHECK(waits->sha256() == have);
    CHECK_FALSE(waits->response->last);
  }
}

TEST_CASE("an instance waits once, and a client that goes waits no more") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const std::string have = replica.poll("cart", "c-1")->sha256();
  const auto older = replica.poll("cart", "c-1", have);
  auto newer = replica.poll("cart", "c-1", have);
  const auto other = replica.poll("cart", "c-2", have);
  CHECK(older->status() == 304);
  CHECK(newer->status() == 0);
  CHECK(replica.plane.files().waiting() == 2);
  newer->pending.reset();
  CHECK(replica.plane.files().waiting() == 1);
  cluster.put("mesh.yaml", kMesh + "limits: { client_connections: 1001 }\n");
  replica.settle();
  CHECK(newer->status() == 0);
  CHECK(other->status() == 200);
}

TEST_CASE("differences are sent against the last eight files of the service") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  std::vector<std::pair<std::string, std::string>> seen;  // hash, text
  for (int i = 0; i < 10; ++i) {
    cluster.put("mesh.yaml",
                kMesh + "limits: { client_connections: " + std::to_string(i + 1001) + " }\n");
    replica.settle();
    const auto file = replica.poll("cart", "plain");
    seen.emplace_back(file->sha256(), file->body());
  }
  const auto ask = [&](const std::string& dictionary, const std::string& encodings) {
    return replica.ask(
        {.path = "/v1/config/cart?instance=c-1",
         .fields = {{"accept-encoding", encodings},
                    {"available-dictionary", ":" + base64(bytes_of_hex(dictionary)) + ":"}}});
  };
  const auto& [hash, text] = seen.back();
  for (size_t i = 0; i < seen.size(); ++i) {
    CAPTURE(i);
    const auto file = ask(seen[i].first, "dcz, zstd");
    REQUIRE(file->status() == 200);
    CHECK(file->sha256() == hash);
    // The newest is no dictionary for itself, and the first two are forgotten.
    const bool remembered = i >= 2 && i < 9;
    CHECK(file->header("content-encoding") == (remembered ? "dcz" : "zstd"));
    const auto unpacked = remembered ? dcz_decompress(file->body(), seen[i].second,
                                                      bytes_of_hex(seen[i].first), 1 << 20)
                                     : zstd_decompress(file->body(), 1 << 20);
    REQUIRE(unpacked);
    CHECK(*unpacked == text);
  }
  CHECK(ask(seen[8].first, "gzip")->header("content-encoding").empty());
}

TEST_CASE("what does not hold reaches nobody, and is told with its place") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const std::string have = replica.poll("price", "p-1")->sha256();
  const auto waits = replica.poll("price", "p-1", have);
  cluster.put("services/price.yaml", "service:\n  broken: 1\n");
  cluster.put("services/new.yaml", "service:\n  broken: 1\n");
  replica.pass(seconds(1));
  CHECK(waits->status() == 0);
  CHECK(replica.poll("price", "p-2")->sha256() == have);
  const nlohmann::json problems = replica.page("/v1/problems")["problems"];
  REQUIRE(problems.size() == 2);
  CHECK(problems[1]["document"] == "services/price.yaml");
  CHECK(problems[1]["line"].get<int>() > 0);
  CHECK(problems[1]["column"].get<int>() > 0);

  const auto never = replica.poll("new", "n-1");
  CHECK(never->status() == 503);
  CHECK(never->header("retry-after") == "5");
  CHECK(never->header("x-woad-error") == "overloaded");

  cluster.put("services/price.yaml", "service: { protocol: http2 }\nuses: []\n");
  replica.settle();
  CHECK(waits->status() == 200);
}

TEST_CASE("mesh.yaml gone: the last good files stay; a service's document gone: its service ends") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const std::string have = replica.poll("cart", "c-1")->sha256();
  const auto waits = replica.poll("cart", "c-1", have);
  cluster.remove("mesh.yaml");
  replica.pass(seconds(1));
  CHECK(waits->status() == 0);
  CHECK(replica.poll("cart", "c-2")->sha256() == have);
  CHECK(replica.page("/v1/problems")["problems"].size() >= 1);

  cluster.put("mesh.yaml", kMesh);
  replica.settle();
  cluster.remove("services/cart.yaml");
  replica.settle();
  CHECK(waits->status() == 404);
  CHECK(replica.poll("cart", "c-1")->status() == 404);
  replica.pass(seconds(2));
  CHECK_FALSE(cluster.entries.contains("rollouts/cart"));
}

TEST_CASE("a plane without a mesh knows nobody yet") {
  MemoryCluster cluster;
  cluster.put("services/cart.yaml", "uses: []\n");
  Replica replica(cluster);
  const WebCaller cart{WebCaller::Kind::kWorkload, "spiffe://example.org/ns/shop/sa/cart"};
  const auto answer = replica.ask({.path = "/v1/config/cart?instance=a", .caller = cart});
  CHECK(answer->status() == 503);
  CHECK(replica.poll("cart", "a")->status() == 503);
}

TEST_CASE("the store away: files are served from memory") {
  MemoryCluster cluster = shop();
  Replica replica(cluster, true);
  const std::string have = replica.poll("cart", "c-1")->sha256();
  replica.put("price", "p-1", "10.0.0.1:80");
  replica.store.set_away("connection refused");
  replica.pass(minutes(3));
  CHECK(replica.poll("cart", "c-2")->status() == 200);
  // Its heartbeats go on, a new one cannot be written down.
  CHECK(replica.put("price", "p-1", "10.0.0.1:80") == 200);
  CHECK(replica.put("price", "p-2", "10.0.0.2:80") == 503);
  CHECK(replica.poll("cart", "c-2")->body().find("10.0.0.1:80") != std::string::npos);
  replica.store.set_away("");
  replica.pass(seconds(60));
  CHECK(replica.poll("cart", "c-2")->body().find("10.0.0.1:80") != std::string::npos);
  CHECK(replica.poll("cart", "c-1", have)->status() == 200);
}

TEST_CASE("the store away: what sidecars say is heard, and everybody knows it when it is back") {
  MemoryCluster cluster = shop();
  Replica replica(cluster, true);
  Replica other(cluster, true);
  const std::string have = replica.poll("cart", "c-1")->sha256();
  replica.say("cart", "c-1", have);
  replica.store.set_away("connection refused");
  replica.pass(seconds(5));
  replica.say("cart", "c-1", have, false);  // known before
  (void)replica.poll("cart", "c-2");
  replica.say("cart", "c-2", have);  // new while it is away
  CHECK(cluster.entries.at("status/cart/c-1").value.find("applied") != std::string::npos);
  replica.pass(seconds(5));
  replica.store.set_away("");
  replica.pass(seconds(2));
  other.pass(seconds(1));
  CHECK(cluster.entries.at("status/cart/c-1").value.find("rejected") != std::string::npos);
  REQUIRE(cluster.entries.contains("status/cart/c-2"));
  CHECK(cluster.entries.at("status/cart/c-2").value.find("applied") != std::string::npos);
  for (Replica* const each : {&replica, &other}) {
    const nlohmann::json fleet = each->page("/v1/fleet");
    CHECK(fleet["applied"] == 1);
    CHECK(fleet["rejected"] == 1);
  }
}

TEST_CASE("a replica that drains spreads its answers over the time") {
  MemoryCluster cluster = shop();
  Replica replica(cluster);
  const std::string have = replica.poll("cart", "c-0")->sha256();
  std::vector<std::shared_ptr<Answer>> waits;
  for (int i = 0; i < 100; ++i) {
    waits.push_back(replica.poll("cart", "c-" + std::to_string(i), have));
  }
  replica.plane.drain(seconds(10));
  std::vector<size_t> answered;
  for (int i = 0; i < 10; ++i) {
    replica.pass(seconds(1));
    answered.push_back(100 - replica.plane.files().waiting());
  }
  for (size_t i = 0; i + 1 < answered.size(); ++i) {
    CHECK(answered[i] >= 5 * (i + 1));
    CHECK(answered[i] <= 15 * (i + 1) + 5);
  }
  replica.pass(milliseconds(100));
  CHECK(replica.plane.files().waiting() == 0);
  for (const auto& wait : waits) {
    CHECK(wait->status() == 304);
    CHECK(wait->response->last);
  }
  CHECK(replica.poll("cart", "c-new")->response->last);
}

}  // namespace
}  // namespace woad::control
