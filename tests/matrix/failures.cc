#include "tests/matrix/scenarios.h"

namespace woad::test {
namespace {

constexpr size_t kTotal = 1 << 20;

void client_leaves_a_response(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.head({.length = kTotal}, false);
    served.write("begin", false);
  };
  Call& call = mesh.call();
  mesh.run();
  CHECK(call.log.body == "begin");
  call.cancel();
  mesh.run();
  // HTTP/1 finds out about a client that left when it writes to it.
  if (!mesh.served().log.was_reset) mesh.served().pour(kTotal - 5);
  mesh.run();
  CHECK(mesh.served().over());
  CHECK(mesh.active() == 0);
}

void client_leaves_a_request(const Column& column) {
  Mesh mesh(column);
  Call& call = mesh.call({.method = "POST", .length = kTotal, .end = false});
  call.write("begin", false);
  mesh.run();
  CHECK(mesh.served().log.body == "begin");
  call.cancel();
  mesh.run();
  CHECK(mesh.served().log.was_reset);
  CHECK_FALSE(mesh.served().log.ended);
  CHECK(mesh.active() == 0);
}

void upstream_cuts_a_response(const Column& column) {
  // With and without a declared length; by stream and by connection.
  for (const bool with_length : {true, false}) {
    for (const bool whole_connection : {true, false}) {
      CAPTURE(with_length);
      CAPTURE(whole_connection);
      Mesh mesh(column);
      mesh.handler = [&](Served& served) {
        served.head({.length = with_length ? std::optional<uint64_t>(kTotal) : std::nullopt},
                    false);
        served.write("begin", false);
      };
      Call& call = mesh.call();
      mesh.run();
      CHECK(call.log.body == "begin");
      if (whole_connection) {
        mesh.cut_upstream(0);
      } else {
        mesh.served().give_up(ResetReason::kInternal);
      }
      mesh.run();
      CHECK(call.log.was_reset);
      CHECK_FALSE(call.log.ended);
      CHECK(mesh.active() == 0);
    }
  }
}

void upstream_gives_no_answer(const Column& column) {
  for (const bool whole_connection : {true, false}) {
    CAPTURE(whole_connection);
    Mesh mesh(column);
    Call& call = mesh.call();
    mesh.run();
    if (whole_connection) {
      mesh.cut_upstream(0);
    } else {
      mesh.served().give_up(ResetReason::kInternal);
    }
    mesh.run();
    CHECK(call.error == "upstream_reset");
    CHECK(call.log.text.starts_with("502"));
    CHECK(call.log.ended);
  }
}

void nobody_listens(const Column& column) {
  Mesh mesh(column);
  mesh.refuse_dials = true;
  Call& call = mesh.call({.method = "POST", .end = false});
  call.write("body", false);
  mesh.run();
  CHECK(call.error == "connect_failed");
  CHECK(call.log.text.starts_with("503"));
  CHECK(call.log.ended);
  mesh.refuse_dials = false;
  mesh.handler = [](Served& served) { served.answer({.body = "ok"}); };
  Call& next = mesh.call();
  mesh.run();
  CHECK(next.log.body == "ok");
}

void early_answer(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.answer({.status = 413, .body = "too much", .length = 8});
  };
  Call& call = mesh.call({.method = "POST", .end = false});
  call.write("begin", false);
  mesh.run();
  CHECK(call.log.text == "413 length=8 | end");
  CHECK(call.log.body == "too much");
  CHECK(mesh.active() == 0);
  mesh.handler = [](Served& served) { served.answer({.body = "ok"}); };
  Call& next = mesh.call();
  mesh.run();
  CHECK(next.log.body == "ok");
}

void no_answer_in_time(const Column& column) {
  Mesh mesh(column);
  Call& call = mesh.call();
  mesh.run();
  mesh.pass(seconds(14));
  CHECK_FALSE(call.over());
  mesh.pass(seconds(2));
  CHECK(call.error == "timeout");
  CHECK(call.log.text.starts_with("504"));
  CHECK(mesh.active() == 0);
  if (column.up == Protocol::kHttp2) CHECK(mesh.served().log.was_reset);
}

void local_answer_to_a_body(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) { served.answer({.body = "ok"}); };
  Call& call = mesh.call({.method = "POST", .end = false, .authority = "nowhere"});
  call.write("body", false);
  mesh.run();
  CHECK(call.error == "no_route");
  CHECK(call.log.ended);
  Call& next = mesh.call();
  mesh.run();
  CHECK(next.log.body == "ok");
}

}  // namespace

std::vector<Scenario> failure_scenarios() {
  return {{"the client leaves a response", client_leaves_a_response},
          {"the client leaves its request", client_leaves_a_request},
          {"the upstream cuts its response", upstream_cuts_a_response},
          {"the upstream gives no answer", upstream_gives_no_answer},
          {"nobody listens", nobody_listens},
          {"an answer before the request's end", early_answer},
          {"no answer in time", no_answer_in_time},
          {"our own answer to a request with a body", local_answer_to_a_body}};
}

}  // namespace woad::test
