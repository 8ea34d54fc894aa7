// One exchange between a client's writer that writes down what it gets and upstreams in memory.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/mirror.h"
#include "proxy/snapshot/compile.h"
#include "tests/exchange/script_filter.h"
#include "tests/support/request_head.h"
#include "tests/upstream/fake_dialer.h"

namespace woad::test {

// What the client gets, in words: "200 length=2 | ok | end".
class ClientWriter final : public ResponseWriter {
 public:
  void write_interim(const ResponseHead& head) override { add(std::to_string(head.status)); }
  void write_head(const ResponseHead& head, bool end, bool close) override {
    std::string text = std::to_string(head.status);
    if (const Header* error = head.headers.find("x-woad-error")) {
      text += " " + std::string(error->value);
    }
    if (close) text += " close";
    add(text);
    for (const Header& field : head.headers) {
      if (keeps_fields) fields.append(field.name).append(": ").append(field.value).append("\n");
    }
    if (end) add("end");
  }
  void write_data(Buffer&& data, bool end) override {
    body += data.to_string();
    if (writes_bodies) add(data.to_string());
    if (end) add("end");
  }
  void write_trailers(const Headers& trailers) override {
    std::string text = "trailers";
    for (const Header& field : trailers) text += " " + std::string(field.name);
    add(text);
  }
  bool writable() const override { return room; }
  void hold_reading(bool on) override { held = on; }
  void release(ResetReason reason) override {
    CHECK_FALSE(released.has_value());
    released = reason;
  }
  void add(std::string_view event) {
    if (!log.empty()) log += " | ";
    log += event;
  }

  std::string log;
  std::string body;
  std::string fields;  // of the head, "name: value\n" each, if wanted
  bool keeps_fields = false;
  bool writes_bodies = false;  // bodies of our own answers are long
  bool room = true;
  bool held = false;
  std::optional<ResetReason> released;
};

// In front of every file of these tests.
inline constexpr std::string_view kPrice = R"(node: { service: cart }
outbound: [ { address: 127.0.0.1:15001 } ]
filters: { inbound: [first, second], outbound: [first, second] }
)";
// The same with a filter between the two that changes what routes match on.
inline constexpr std::string_view kPriceDyed = R"(node: { service: cart }
outbound: [ { address: 127.0.0.1:15001 } ]
filters: { inbound: [first, second], outbound: [first, dyer, second] }
)";
inline constexpr std::string_view kOneEndpoint = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
)";

inline const std::vector<FilterKind>& script_registry() {
  static const std::vector<FilterKind> kinds{script_kind("first", FilterPlace::kBoth),
                                             script_kind("second", FilterPlace::kBoth),
                                             script_kind("inner", FilterPlace::kInbound),
                                             script_kind("dyer", FilterPlace::kOutbound, true)};
  return kinds;
}

class ExchangeRig final : private ExchangeOwner {
 public:
  explicit ExchangeRig(std::string_view services = kOneEndpoint, std::string_view head = kPrice,
                       const std::vector<FilterKind>& kinds = script_registry()) {
    config::LoadResult loaded = config::load_text(std::string(head) + std::string(services),
                                                  "test.yaml", config::Environment::none());
    REQUIRE_MESSAGE(loaded.config != nullptr, loaded.diagnostics.text());
    snapshot = compile(*loaded.config, kinds, {}, {}, nullptr, 1, loaded.diagnostics);
    REQUIRE_MESSAGE(loaded.diagnostics.ok(), loaded.diagnostics.text());
    world.context.limits = snapshot->limits;
    view = ViewRef(new SnapshotView(snapshot, live_pools, views_alive));
    for (const std::string_view name : {"first", "second"}) {
      const auto found = snapshot->stateful_slots.find("outbound/" + std::string(name));
      if (found != snapshot->stateful_slots.end()) script(std::string(name)).tag = name;
    }
  }
  ~ExchangeRig() {
    exchange.reset();
    view = ViewRef();
    world.turn();
    CHECK(views_alive == mirrored_views);
  }

  Script& script(const std::string& name) {
    return *static_cast<Script*>(snapshot->stateful_slots.at("outbound/" + name).state.get());
  }
  void log_filters() { script("first").log = script("second").log = &filter_log; }

  // The client's side.
  RequestHead& request(std::string_view method, std::string_view path, bool end,
                       const Fields& fields = {}, std::string_view host = "price") {
    exchange.reset(new (worker.blocks.pieces())
                       Exchange(owner(), worker, view, snapshot->listeners[0], caller, client));
    auto* head = sink().arena().make<RequestHead>(sink().arena());
    TestRequest::fill(*head, method, path, host, fields);
    if (opaque) head->protocol = Protocol::kTcp;
    last_head = head;
    sink().on_request(*head, end);
    return *head;
  }
  void get(std::string_view path = "/") { request("GET", path, true); }
  RequestSink& sink() { return *exchange; }
  void data(std::string_view text, bool end) {
    Buffer piece;
    piece.append(world.blocks, text);
    sink().on_data(std::move(piece), end);
  }
  void trailers(const Fields& fields) {
    auto* trailers = sink().arena().make<Headers>(sink().arena());
    for (const auto& [name, value] : fields) trailers->add_copy(name, value);
    sink().on_trailers(*trailers);
  }

  // The upstream's side: the connection of the n-th dial.
  MemoryPeer& accept(size_t dial) {
    MemoryPeer& at = world.dialer.accept(dial);
    world.turn();
    return at;
  }
  size_t dials() const { return world.dialer.calls.size(); }
  // Leaves an idle connection that has carried one request, and nothing else behind.
  MemoryPeer& warm_up() {
    get();
    MemoryPeer& at = accept(0);
    at.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    finish();
    at.take_received();
    client = ClientWriter();
    filter_log.clear();
    return at;
  }
  // The owner's part: deletes an exchange that is over.
  void finish() {
    world.turn();
    CHECK(ended);
    exchange.reset();
    ended = false;
    world.turn();
  }

  ExchangeOwner& owner() { return *this; }
  Script& first() { return script("first"); }
  Script& second() { return script("second"); }

  PoolWorld world;
  std::shared_ptr<const Snapshot> snapshot;
  EndpointRegistry registry{world.context};
  LivePools live_pools{registry};
  Random random{1};
  WorkerMetrics metrics;
  MirrorSet mirrors;
  WorkerContext worker{world.scheduler, world.blocks, world.arenas, random, metrics, mirrors};
  uint32_t views_alive = 0;
  uint32_t mirrored_views = 0;  // views that mirrors still hold when the test ends
  ViewRef view;
  Address peer = *Address::parse("10.0.0.9:5000");
  Client caller{peer};
  ClientWriter client;
  std::unique_ptr<Exchange> exchange;
  RequestHead* last_head = nullptr;
  std::string filter_log;
  bool ended = false;
  bool is_closing = false;
  bool opaque = false;                // requests are those of opaque TCP
  std::unique_ptr<Transport> inside;  // of a CONNECT
  std::string connected_to;

 private:
  void on_exchange_end(Exchange& over) override {
    CHECK(&over == exchange.get());
    CHECK_FALSE(ended);
    ended = true;
  }
  bool closing() const override { return is_closing; }
  void on_connect(std::unique_ptr<Transport> transport, std::string_view authority) override {
    inside = std::move(transport);
    connected_to = authority;
  }
};

inline std::string answer(std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace woad::test
