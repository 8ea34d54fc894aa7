// A control plane without process and connections: over memory, with a clock that the test moves.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "filters/registry.h"
#include "proxy/control/plane/admin.h"
#include "proxy/control/plane/api.h"
#include "proxy/control/plane/plane.h"
#include "tests/control/plane/memory_store.h"
#include "tests/support/request_head.h"

namespace woad::control {

// Works at once, and tells later.
class QueuedBackground final : public Background {
 public:
  void run(std::function<void()> work, std::function<void()> done) override {
    work();
    dones_.push_back(std::move(done));
  }
  bool flush() {
    if (dones_.empty()) return false;
    const auto done = std::move(dones_.front());
    dones_.pop_front();
    done();
    return true;
  }

 private:
  std::deque<std::function<void()>> dones_;
};

// What became of one request.
struct Answer {
  std::optional<WebResponse> response;
  std::unique_ptr<WebPending> pending;

  int status() const { return response ? response->status : 0; }
  std::string body() const {
    return response->shared != nullptr ? response->shared->to_string() : response->body;
  }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response->headers) {
      if (key == name) return value;
    }
    return "";
  }
  // Of the file.
  std::string sha256() const { return header("etag").substr(1, 64); }
};

struct Call {
  std::string method = "GET";
  std::string path;
  std::string body{};
  WebCaller caller{WebCaller::Kind::kLocal, {}};
  test::Fields fields{};
  std::string host = "127.0.0.1:15010";
};

class Replica {
 public:
  explicit Replica(MemoryCluster& cluster, bool shared = false)
      : store(cluster, shared),
        plane({scheduler, blocks, store, reading_, making_, filter_registry(), random_}),
        api(plane),
        admin(plane, api) {
    REQUIRE(plane.start());
    settle();
  }
  ~Replica() { scheduler.end_turn(); }

  void settle() {
    while (store.flush() || reading_.flush() || making_.flush()) {
    }
  }
  void pass(Duration time) {
    constexpr Duration kStep = milliseconds(10);
    for (Duration passed{}; passed < time; passed += kStep) {
      scheduler.advance(scheduler.now() + kStep);
      settle();
    }
  }

  std::shared_ptr<Answer> ask(const Call& call) {
    const test::TestRequest request(call.method, call.path, call.host, call.fields);
    auto answer = std::make_shared<Answer>();
    auto pending = api.answer({request.head, call.body, call.caller},
                              [weak = std::weak_ptr(answer)](WebResponse response) {
                                if (const auto to = weak.lock()) to->response = std::move(response);
                              });
    answer->pending = std::move(pending);
    settle();
    return answer;
  }
  std::shared_ptr<Answer> get(const std::string& path) { return ask({.path = path}); }
  std::shared_ptr<Answer> poll(const std::string& service, const std::string& instance,
                               const std::string& have = "", const std::string& more = "") {
    return get("/v1/config/" + service + "?instance=" + instance + "&have=" + have + more);
  }
  // What a sidecar does with a file: takes it, or refuses it.
  void say(const std::string& service, const std::string& instance, const std::string& sha256,
           bool applied = true) {
    const nlohmann::json body = {{"sha256", sha256},
                                 {"version", "x"},
                                 {"result", applied ? "applied" : "rejected"},
                                 {"error", applied ? "" : "port in use"}};
    CHECK(ask({.method = "POST",
               .path = "/v1/status/" + service + "/" + instance,
               .body = body.dump()})
              ->status() == 204);
  }
  int put(const std::string& service, const std::string& instance, const std::string& address) {
    return ask({.method = "PUT",
                .path = "/v1/instances/" + service + "/" + instance,
                .body = nlohmann::json({{"address", address}}).dump()})
        ->status();
  }
  nlohmann::json page(const std::string& path) {
    const auto answer = get(path);
    REQUIRE(answer->status() == 200);
    return nlohmann::json::parse(answer->body());
  }
  std::string state(const std::string& service) {
    const nlohmann::json all = page("/v1/rollouts");
    for (const auto& each : all["rollouts"]) {
      if (each["service"] == service) return each["state"];
    }
    return "";
  }

  Scheduler scheduler{MonoTime(hours(1)), WallTime(hours(500'000))};
  BlockPool blocks;
  MemoryStore store;

 private:
  Random random_{1};
  QueuedBackground reading_;
  QueuedBackground making_;

 public:
  Plane plane;
  Api api;
  AdminPages admin;
};

inline const std::string kMesh = R"(control:
  readers: ["spiffe://example.org/ns/ops/sa/reader"]
  operators: ["spiffe://example.org/ns/ops/sa/operator"]
  identities: "spiffe://example.org/ns/shop/sa/{service}"
)";
inline const std::string kSteps =
    kMesh + R"(  rollout: { steps: [1, 100%], pause: 10s, timeout: 60s }
)";

inline MemoryCluster shop(const std::string& mesh = kMesh) {
  MemoryCluster cluster;
  cluster.put("mesh.yaml", mesh);
  cluster.put("services/cart.yaml", "uses: [price]\n");
  cluster.put("services/price.yaml", "service: { protocol: http1 }\n");
  return cluster;
}

}  // namespace woad::control
