#include "tests/matrix/scenarios.h"

namespace woad::test {
namespace {

constexpr size_t kTotal = 4 << 20;
// What all buffers from end to end may hold of a body whose reader stands still: on each of the
// two wires a socket (64 KiB) and the writer's queue (limits.buffer and a piece), and a stream
// window of HTTP/2 (64 KiB) on top where there is one.
constexpr size_t kMostBuffered = 640 * 1024;

void large_response(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.head({.length = kTotal}, false);
    served.pour(kTotal);
  };
  Call& call = mesh.call();
  call.hold_at_first_data = true;
  mesh.run();
  CHECK(mesh.served().poured() < kMostBuffered);
  CHECK(call.log.body.size() < kMostBuffered);
  call.hold(false);
  mesh.run();
  CHECK(mesh.served().poured() == kTotal);
  CHECK(call.log.ended);
  CHECK(is_pattern(call.log.body, kTotal));
}

void large_request(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.hold(true);
    served.on_end = [](Served& whole) { whole.answer({.body = "got it"}); };
  };
  Call& call = mesh.call({.method = "POST", .end = false});
  call.pour(kTotal);
  mesh.run();
  CHECK(call.poured() < kMostBuffered);
  CHECK_FALSE(mesh.served().log.ended);
  mesh.served().hold(false);
  mesh.run();
  CHECK(is_pattern(mesh.served().log.body, kTotal));
  CHECK(call.log.body == "got it");
}

void large_both_ways(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.head({}, false);
    served.pour(kTotal);
  };
  // HTTP/1 servers answer after the request's end or give the request up: only HTTP/2 overlaps.
  if (column.down != Protocol::kHttp2 || column.up != Protocol::kHttp2) return;
  Call& call = mesh.call({.method = "POST", .length = 10, .end = false});
  call.write("01234", false);
  mesh.run();
  CHECK(is_pattern(call.log.body, kTotal));
}

// One reader that stands still does not stop the others.
void slow_among_many(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.head({}, false);
    served.pour(300 * 1024);
  };
  Call& slow = mesh.call();
  slow.hold_at_first_data = true;
  std::vector<Call*> others;
  for (int i = 0; i < 5; ++i) others.push_back(&mesh.call());
  mesh.run();
  for (const Call* other : others) CHECK(is_pattern(other->log.body, 300 * 1024));
  CHECK_FALSE(slow.log.ended);
  slow.hold(false);
  mesh.run();
  CHECK(is_pattern(slow.log.body, 300 * 1024));
}

}  // namespace

std::vector<Scenario> body_scenarios() {
  return {{"a large response to a slow client", large_response},
          {"a large request to a slow server", large_request},
          {"a response while the request goes on", large_both_ways},
          {"a slow client among others", slow_among_many}};
}

}  // namespace woad::test
