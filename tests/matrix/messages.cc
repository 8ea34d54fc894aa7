#include "tests/matrix/scenarios.h"

namespace woad::test {
namespace {

void get(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.answer({.body = "hello", .fields = {{"x-a", "1"}}, .length = 5});
  };
  Call& call = mesh.call({.path = "/x?y=1", .fields = {{"x-q", "2"}}});
  mesh.run();
  CHECK(mesh.served().log.text == "GET /x?y=1 x-q=2 | end");
  CHECK(mesh.served().request().authority == "up");
  CHECK(call.log.text == "200 length=5 x-a=1 | end");
  CHECK(call.log.body == "hello");
  CHECK(call.over());
  CHECK(mesh.active() == 0);
}

void head(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) { served.head({.length = 12345}, true); };
  for (int i = 0; i < 2; ++i) {  // the second shows that the connections are still in step
    Call& call = mesh.call({.method = "HEAD"});
    mesh.run();
    CHECK(call.log.text == "200 length=12345 | end");
    CHECK(call.log.body.empty());
  }
  CHECK(mesh.dials() == 1);
  CHECK(mesh.client_connections() == 1);
}

void echo(Served& served) {
  served.on_end = [](Served& whole) { whole.answer({.body = whole.log.body}); };
}

void post_with_length(const Column& column) {
  Mesh mesh(column);
  mesh.handler = echo;
  Call& call = mesh.call({.method = "POST", .length = 4, .end = false});
  call.write("bo", false);
  mesh.run();
  call.write("dy", true);
  mesh.run();
  CHECK(mesh.served().log.text == "POST / length=4 | end");
  CHECK(call.log.text == "200 | end");
  CHECK(call.log.body == "body");
}

void post_without_length(const Column& column) {
  Mesh mesh(column);
  mesh.handler = echo;
  Call& call = mesh.call({.method = "POST", .end = false});
  for (const std::string_view piece : {"one ", "two ", "three"}) {
    mesh.run();
    call.write(piece, piece == "three");
  }
  mesh.run();
  CHECK(mesh.served().log.text == "POST / | end");
  CHECK(call.log.text == "200 | end");
  CHECK(call.log.body == "one two three");
}

void empty_bodies(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.on_end = [](Served& whole) { whole.answer({.length = 0}); };
  };
  Call& call = mesh.call({.method = "POST", .end = false});
  mesh.run();
  call.write("", true);
  mesh.run();
  CHECK(mesh.served().log.body.empty());
  CHECK(mesh.served().log.ended);
  CHECK(call.log.text == "200 length=0 | end");
}

void trailers(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.on_end = [](Served& whole) {
      whole.head({.fields = {{"x-a", "1"}}}, false);
      whole.write("answer", false);
      whole.write_trailers({{"x-sum", "6"}});
    };
  };
  Call& call = mesh.call({.method = "POST", .end = false});
  call.write("question", false);
  call.write_trailers({{"x-check", "8"}});
  mesh.run();
  CHECK(mesh.served().log.text == "POST / | trailers x-check=8");
  CHECK(mesh.served().log.body == "question");
  CHECK(call.log.text == "200 x-a=1 | trailers x-sum=6");
  CHECK(call.log.body == "answer");
}

void interim(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) {
    served.interim(103, {{"x-hint", "1"}});
    served.interim(103, {{"x-hint", "2"}});
    served.answer({.body = "ok", .length = 2});
  };
  Call& call = mesh.call();
  mesh.run();
  CHECK(call.log.text == "103 x-hint=1 | 103 x-hint=2 | 200 length=2 | end");
}

void bodiless_statuses(const Column& column) {
  Mesh mesh(column);
  int status = 0;
  mesh.handler = [&](Served& served) { served.head({.status = status}, true); };
  for (const int each : {204, 304, 204, 200}) {
    status = each;
    Call& call = mesh.call();
    mesh.run();
    CHECK(call.log.text.starts_with(std::to_string(each)));
    CHECK(call.log.ended);
    CHECK(call.log.body.empty());
  }
  CHECK(mesh.dials() == 1);
  CHECK(mesh.client_connections() == 1);
}

void cookies(const Column& column) {
  Mesh mesh(column);
  mesh.handler = [](Served& served) { served.answer({.length = 0}); };
  mesh.call({.fields = {{"cookie", "a=1"}, {"cookie", "b=2"}}});
  mesh.run();
  // RFC 9113 section 8.2.3: HTTP/1 gets one field; each version may split it.
  const std::string& text = mesh.served().log.text;
  const bool one = text == "GET / cookie=a=1; b=2 | end";
  const bool two = text == "GET / cookie=a=1 cookie=b=2 | end";
  CAPTURE(text);
  CHECK((one || (two && column.down == column.up)));
}

void grpc(const Column& column) {
  const Fields kType = {{"content-type", "application/grpc"}};
  Mesh mesh(column);
  mesh.handler = [&](Served& served) {
    served.on_end = [&](Served& whole) {
      if (whole.request().path == "/ok") {
        whole.head({.fields = kType}, false);
        whole.write("message", false);
        whole.write_trailers({{"grpc-status", "0"}});
      } else {
        whole.head({.fields = {{"content-type", "application/grpc"}, {"grpc-status", "5"}}}, true);
      }
    };
  };
  struct Case {
    std::string_view path, authority, status;
  };
  for (const Case& each : {Case{"/ok", "up", "0"}, Case{"/no", "up", "5"},
                           Case{"/ok", "empty", "14"}, Case{"/ok", "nowhere", "12"}}) {
    Call& call = mesh.call({.method = "POST",
                            .path = each.path,
                            .fields = kType,
                            .end = false,
                            .authority = each.authority});
    call.write("request", true);
    mesh.run();
    CAPTURE(each.authority);
    CAPTURE(each.path);
    CHECK(call.log.text.starts_with("200"));
    CHECK(call.log.text.find("grpc-status=" + std::string(each.status)) != std::string::npos);
    CHECK(call.log.ended);
    CHECK(call.log.body == (each.status == "0" ? "message" : ""));
  }
}

void header_limits(const Column& column) {
  constexpr std::string_view kLimits = "{ headers: { bytes: 4KiB, count: 20, target: 1KiB } }";
  struct Case {
    std::string_view what;
    Call::Ask ask;
    int status;
    std::string_view error;
  };
  Fields many;
  for (int i = 0; i < 30; ++i) many.emplace_back("x-" + std::to_string(i), "v");
  const std::string long_path = "/" + std::string(1100, 'a');
  const Case cases[] = {
      {"bytes", {.fields = {{"x-big", std::string(6000, 'b')}}}, 431, "headers_too_large"},
      {"count", {.fields = many}, 431, "headers_too_large"},
      {"target", {.path = long_path}, 414, "target_too_long"},
      {"response bytes", {.path = "/big"}, 502, "bad_upstream_response"},
      {"response count", {.path = "/many"}, 502, "bad_upstream_response"},
      {"fine", {}, 200, ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Mesh mesh(column, kLimits);
    mesh.handler = [&](Served& served) {
      if (served.request().path == "/big") {
        served.answer({.fields = {{"x-big", std::string(6000, 'b')}}, .length = 0});
      } else {
        served.answer({.fields = served.request().path == "/many" ? many : Fields(), .length = 0});
      }
    };
    Call& call = mesh.call(each.ask);
    mesh.run();
    CHECK(call.log.text.starts_with(std::to_string(each.status)));
    CHECK(call.error == each.error);
    CHECK(call.over());
    Call& next = mesh.call();
    mesh.run();
    CHECK(next.log.text.starts_with("200"));
  }
}

}  // namespace

std::vector<Scenario> message_scenarios() {
  return {{"GET", get},
          {"HEAD", head},
          {"POST with a length", post_with_length},
          {"POST without a length", post_without_length},
          {"empty bodies", empty_bodies},
          {"trailers both ways", trailers},
          {"interim responses", interim},
          {"204 and 304", bodiless_statuses},
          {"cookies", cookies},
          {"gRPC", grpc},
          {"header limits", header_limits}};
}

}  // namespace woad::test
