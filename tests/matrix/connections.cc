#include "tests/matrix/scenarios.h"

namespace woad::test {
namespace {

void say_path(Served& served) {
  served.on_end = [](Served& whole) {
    whole.answer({.body = std::string(whole.request().path) + whole.log.body});
  };
}

void one_after_another(const Column& column) {
  Mesh mesh(column);
  mesh.handler = say_path;
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/" + std::to_string(i);
    Call& call = mesh.call({.method = "POST", .path = path, .end = false});
    call.write("x", true);
    mesh.run();
    CHECK(call.log.body == path + "x");
  }
  CHECK(mesh.dials() == 1);
  CHECK(mesh.client_connections() == 1);
}

void many_at_once(const Column& column) {
  constexpr size_t kMany = 100;
  Mesh mesh(column);
  std::vector<Call*> calls;
  for (size_t i = 0; i < kMany; ++i) {
    calls.push_back(&mesh.call({.path = "/" + std::to_string(i)}));
  }
  mesh.run();
  REQUIRE(mesh.served_count() == kMany);
  CHECK(mesh.active() == kMany);
  CHECK(mesh.dials() == (column.up == Protocol::kHttp2 ? 1 : kMany));
  // Answered the other way round.
  for (size_t i = kMany; i-- > 0;) {
    Served& served = mesh.served(i);
    served.answer({.body = served.request().path});
  }
  mesh.run();
  for (size_t i = 0; i < kMany; ++i) CHECK(calls[i]->log.body == "/" + std::to_string(i));
  CHECK(mesh.active() == 0);
}

void upstream_ends_after_each(const Column& column) {
  Mesh mesh(column);
  mesh.handler = say_path;
  for (size_t i = 0; i < 3; ++i) {
    Call& call = mesh.call();
    mesh.run();
    CHECK(call.log.body == "/");
    CHECK(mesh.dials() == i + 1);
    mesh.drain_upstream(i);
    mesh.run();
  }
  CHECK(mesh.client_connections() == 1);
}

// The upstream closes a kept connection at the moment in which requests are on their way.
void stale_connection(const Column& column) {
  constexpr size_t kCalls = 3;
  Mesh mesh(column);
  mesh.handler = say_path;
  std::vector<Call*> first;
  for (size_t i = 0; i < kCalls; ++i) first.push_back(&mesh.call());
  mesh.run();
  for (const Call* call : first) REQUIRE(call->log.body == "/");
  const size_t before = mesh.dials();
  bool cutting = true;
  mesh.handler = [&](Served& served) {
    if (!cutting) say_path(served);
  };
  std::vector<Call*> calls;
  for (size_t i = 0; i < kCalls; ++i) {
    calls.push_back(&mesh.call({.path = "/" + std::to_string(i)}));
  }
  mesh.run();
  CHECK(mesh.dials() == before);
  cutting = false;
  for (size_t i = 0; i < before; ++i) mesh.cut_upstream(i);
  mesh.run();
  CHECK(mesh.dials() == (column.up == Protocol::kHttp2 ? 2 : 2 * kCalls));
  for (size_t i = 0; i < kCalls; ++i) CHECK(calls[i]->log.body == "/" + std::to_string(i));
  CHECK(mesh.active() == 0);
}

void idle_connections_end(const Column& column) {
  Mesh mesh(column);
  mesh.handler = say_path;
  mesh.call();
  mesh.run();
  mesh.pass(minutes(2));
  Call& later = mesh.call();
  mesh.run();
  CHECK(later.log.body == "/");
  CHECK(mesh.dials() == 2);
  CHECK(mesh.client_connections() == 1);
  mesh.pass(minutes(6));
  Call& last = mesh.call();
  mesh.run();
  CHECK(last.log.body == "/");
  CHECK(mesh.client_connections() == 2);
}

// A client ends its direction while its request runs: with the last word of what carries it
// (close_notify under TLS, in plaintext the FIN itself), or with a bare FIN. HTTP/1 gets its answer
// after the former. A bare FIN under TLS is a loss, and HTTP/2 knows no half of a connection.
void client_ends_its_direction(const Column& column) {
  for (const bool bare : {false, true}) {
    CAPTURE(bare);
    Mesh mesh(column);
    Call& call = mesh.call();
    mesh.run();
    REQUIRE(mesh.active() == 1);
    mesh.end_client(0, bare);
    mesh.run();
    const bool answered = column.down == Protocol::kHttp11 && !(column.mtls && bare);
    REQUIRE(mesh.active() == (answered ? 1 : 0));
    if (!answered) continue;
    mesh.served().answer({.body = "still here"});
    mesh.run();
    CHECK(call.log.body == "still here");
    CHECK(mesh.active() == 0);
  }
}

}  // namespace

std::vector<Scenario> connection_scenarios() {
  return {{"one after another", one_after_another},
          {"many at once", many_at_once},
          {"an upstream that ends its connection", upstream_ends_after_each},
          {"a stale upstream connection", stale_connection},
          {"idle connections end", idle_connections_end},
          {"a client that ends its direction", client_ends_its_direction}};
}

}  // namespace woad::test
