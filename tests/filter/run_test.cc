// The chain as an exchange walks it.
#include <doctest/doctest.h>

#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

TEST_CASE("filters: requests forward, responses backward, end forward") {
  ExchangeRig rig;
  rig.log_filters();
  rig.request("POST", "/", false);
  rig.data("a", false);
  rig.trailers({{"x-t", "1"}});
  MemoryPeer& up = rig.accept(0);
  up.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nx-u: 1\r\n\r\n");
  rig.finish();
  CHECK(rig.filter_log ==
        "first.request_head second.request_head first.attempt second.attempt "
        "first.request_data second.request_data first.request_trailers second.request_trailers "
        "first.outcome second.outcome second.response_head first.response_head "
        "second.response_data first.response_data second.response_trailers "
        "first.response_trailers first.end second.end");
  CHECK(rig.client.log == "200 | trailers x-u");
  CHECK(rig.client.body == "b");
}

TEST_CASE("filters: a reply ends the request there, and the response filters see it") {
  const auto deny = [] { return Verdict::reply({.code = ErrorCode::kDenied, .details = "no"}); };
  SUBCASE("from a head") {
    ExchangeRig rig;
    rig.log_filters();
    rig.first().request_head = [&](RequestHead&, bool) { return deny(); };
    rig.get();
    CHECK(rig.client.log == "403 denied | end");
    CHECK(rig.filter_log ==
          "first.request_head second.response_head first.response_head first.end second.end");
    CHECK(rig.dials() == 0);
  }
  SUBCASE("from data") {
    ExchangeRig rig;
    rig.second().request_data = [&](Buffer&, bool) { return deny(); };
    rig.request("POST", "/", false);
    MemoryPeer& up = rig.accept(0);
    rig.data("x", false);
    CHECK(rig.client.log == "403 denied | end");
    rig.finish();
    CHECK(up.closed());
  }
  SUBCASE("from an attempt") {
    ExchangeRig rig;
    rig.second().attempt = [&](AttemptPlan&, RequestHead&) { return deny(); };
    rig.get();
    CHECK(rig.client.log == "403 denied | end");
    CHECK(rig.dials() == 0);
  }
  SUBCASE("from a response head: it replaces the response, for the filters outside it") {
    ExchangeRig rig;
    rig.log_filters();
    rig.second().response_head = [&](ResponseHead&, bool) { return deny(); };
    rig.get();
    rig.filter_log.clear();
    rig.accept(0).send(answer("secret"));
    CHECK(rig.client.log == "403 denied | end");
    CHECK(rig.client.body.find("secret") == std::string::npos);
    CHECK(rig.filter_log ==
          "first.outcome second.outcome second.response_head first.response_head first.end "
          "second.end");
  }
  SUBCASE("from response data: too late for an answer, so the response is cut") {
    ExchangeRig rig;
    rig.first().response_data = [&](Buffer&, bool) { return deny(); };
    rig.get();
    rig.accept(0).send(answer("secret"));
    CHECK(rig.client.log == "200");
    CHECK(rig.client.body.empty());
    rig.finish();
    CHECK(rig.client.released == ResetReason::kConnectionLost);
  }
  SUBCASE("a response filter that waits or replies to our own answer stops nobody") {
    ExchangeRig rig;
    rig.log_filters();
    rig.first().request_head = [&](RequestHead&, bool) { return deny(); };
    bool waits = false;
    SUBCASE("waits") { waits = true; }
    SUBCASE("replies") {}
    rig.second().response_head = [&](ResponseHead&, bool) -> HeadVerdict {
      if (waits) return HeadVerdict::wait();
      return deny();
    };
    rig.get();
    CHECK(rig.client.log == "403 denied | end");
    CHECK(rig.filter_log ==
          "first.request_head second.response_head first.response_head first.end second.end");
  }
}

TEST_CASE("filters: a request head waits, and what comes behind it too") {
  ExchangeRig rig;
  rig.log_filters();
  rig.first().request_head = [](RequestHead&, bool) { return HeadVerdict::wait(); };
  rig.request("POST", "/", false);
  rig.data("abc", false);
  rig.data("def", false);
  CHECK(rig.filter_log == "first.request_head");
  CHECK(rig.dials() == 0);
  SUBCASE("and goes on behind the filter that waited") {
    rig.first().context->resume();
    rig.data("ghi", true);
    MemoryPeer& up = rig.accept(0);
    CHECK(up.received().ends_with("9\r\nabcdefghi\r\n0\r\n\r\n"));
    CHECK(rig.filter_log.starts_with("first.request_head second.request_head first.attempt"));
    up.send(answer("ok"));
    CHECK(rig.client.body == "ok");
    rig.finish();
  }
  SUBCASE("whole, with trailers") {
    rig.trailers({{"x-t", "1"}});
    rig.first().context->resume();
    MemoryPeer& up = rig.accept(0);
    CHECK(up.received().ends_with("abcdef\r\n0\r\nx-t: 1\r\n\r\n"));
    up.send(answer("ok"));
    rig.finish();
  }
  SUBCASE("with back-pressure at limits.buffer") {
    CHECK_FALSE(rig.client.held);
    rig.data(std::string(64 * 1024, 'x'), false);
    CHECK(rig.client.held);
    rig.first().context->resume();
    CHECK(rig.client.held);  // still no connection to write to
    MemoryPeer& up = rig.accept(0);
    up.pump();
    rig.world.turn();
    CHECK_FALSE(rig.client.held);
    CHECK(up.received().size() > 64 * 1024);
    rig.exchange->abort("done");
    rig.finish();
  }
  SUBCASE("until the filter replies") {
    rig.first().context->reply({.code = ErrorCode::kTimeout, .details = "too long"});
    CHECK(rig.client.log == "504 timeout | end");
    rig.first().context->resume();  // of no effect any more
    rig.finish();
  }
  SUBCASE("until the client gives up") {
    rig.sink().on_reset(ResetReason::kCancel, "gone");
    CHECK(rig.client.log.empty());
    rig.finish();
  }
}

TEST_CASE("filters: a response head waits, and what comes behind it too") {
  ExchangeRig rig;
  rig.second().response_head = [](ResponseHead&, bool) { return HeadVerdict::wait(); };
  rig.get();
  MemoryPeer& up = rig.accept(0);
  SUBCASE("a whole response") {
    up.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nx-u: 1\r\n\r\n");
    CHECK(rig.client.log.empty());
    rig.second().context->resume();
    CHECK(rig.client.log == "200 | trailers x-u");
    CHECK(rig.client.body == "b");
    rig.finish();
  }
  SUBCASE("the upstream is held meanwhile") {
    up.send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc");
    CHECK(up.reading_held());
    up.send("def");
    CHECK(up.unread() == 3);
    rig.second().context->resume();
    CHECK(rig.client.body == "abc");
    CHECK_FALSE(up.reading_held());
    up.pump();
    CHECK(rig.client.body == "abcdef");
    rig.finish();
  }
  SUBCASE("the upstream dies meanwhile") {
    up.send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc");
    up.lose();
    rig.finish();
    CHECK(rig.client.released == ResetReason::kConnectionLost);
  }
  SUBCASE("a switch of protocols") {
    rig.exchange->abort("start again");
    rig.finish();
    rig.client = ClientWriter();
    rig.exchange.reset();
    RequestHead* head = nullptr;
    rig.first().request_head = [&](RequestHead& request, bool) {
      request.upgrade = "chat";
      head = &request;
      return Verdict::go();
    };
    rig.get();
    MemoryPeer& other = rig.accept(1);
    other.send(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhi");
    CHECK(rig.client.log.empty());
    rig.second().context->resume();
    rig.world.turn();
    other.pump();
    CHECK(rig.client.body == "hi");
    CHECK_FALSE(other.reading_held());
    rig.data("ho", false);
    rig.world.turn();
    CHECK(other.received().ends_with("ho"));
    rig.exchange->abort("done");
    rig.finish();
  }
}

TEST_CASE("filters: settings of service and route reach the filter") {
  ExchangeRig rig(R"(services:
  price: { protocol: http1, endpoints: [], filters: { first: { tag: of-service } } }
  plain: { protocol: http1, endpoints: [] }
routes:
  - { match: { path: { prefix: /r } }, to: price, filters: { second: { tag: of-route } } }
  - { match: { path: { prefix: /a } }, respond: { status: 204 }, filters: { first: { tag: of-answer } } }
)");
  struct Case {
    std::string_view host, path, first, second;
  };
  const Case cases[] = {{"plain", "/", "first", "second"},
                        {"price", "/", "of-service", "second"},
                        {"price", "/r/x", "of-service", "of-route"},
                        {"plain", "/r", "of-service", "of-route"},
                        {"plain", "/a", "of-answer", "second"}};
  for (const Case& each : cases) {
    CAPTURE(each.path);
    CAPTURE(each.host);
    std::string log;
    for (const auto& [place, slot] : rig.snapshot->stateful_slots) {
      auto& script = *static_cast<Script*>(slot.state.get());
      script.log = nullptr;
      script.request_head = [&log, &script](RequestHead&, bool) {
        log += script.tag + " ";
        return Verdict::go();
      };
    }
    rig.client = ClientWriter();
    rig.request("GET", each.path, true, {}, each.host);
    CHECK(log == std::string(each.first) + " " + std::string(each.second) + " ");
    rig.finish();
  }
}

}  // namespace
