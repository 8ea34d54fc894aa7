// Requests, responses and what goes wrong with them, at one exchange.
#include <doctest/doctest.h>

#include "tests/exchange/rig.h"
#include "tests/support/workloads.h"

using namespace woad;
using namespace woad::test;

namespace {

TEST_CASE("exchange: there and back") {
  ExchangeRig rig;
  rig.get("/x?y=1");
  MemoryPeer& up = rig.accept(0);
  CHECK(up.received().starts_with("GET /x?y=1 HTTP/1.1\r\n"));
  CHECK(up.received().find("x-woad-hops: 1\r\n") != std::string::npos);
  up.send(answer("hello"));
  CHECK(rig.client.log == "200 | end");
  CHECK(rig.client.body == "hello");
  rig.finish();
  CHECK(rig.client.released == ResetReason::kCancel);
}

TEST_CASE("exchange: what is answered without an upstream") {
  constexpr std::string_view kFile = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  empty: { endpoints: [] }
  db: { protocol: tcp, endpoints: [ { address: 127.0.0.1:9009 } ] }
  named: { endpoints: [ { address: nowhere.test:80 } ] }
routes:
  - { match: { path: { exact: /promo } }, respond: { status: 503, body: off } }
  - { match: { path: { exact: /old } }, redirect: { path: /new, status: 301 } }
)";
  struct Case {
    std::string_view host, path;
    Fields fields;
    std::string_view log;
  };
  const Case cases[] = {
      {"other", "/", {}, "404 no_route | end"},
      {"empty", "/", {}, "503 no_endpoint | end"},
      {"db", "/", {}, "404 no_route | end"},
      {"named", "/", {}, "503 connect_failed | end"},
      {"price", "/promo", {}, "503 | end"},
      {"price", "/old", {}, "301 | end"},
      {"price", "/", {{"x-woad-hops", "16"}}, "508 loop | end"},
      {"price", "/", {{"x-woad-color", "red"}, {"x-woad-color", "blue"}}, "400 bad_request | end"},
      {"other", "/", {{"content-type", "application/grpc"}}, "200 no_route | end"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.log);
    ExchangeRig rig(kFile);
    int ends = 0;
    rig.first().end = [&](const ExchangeInfo& info) {
      ++ends;
      CHECK(info.status != 0);
      CHECK(info.client.to_string() == "10.0.0.9:5000");
    };
    rig.request("GET", each.path, true, each.fields, each.host);
    CHECK(rig.client.log == each.log);
    CHECK(rig.dials() == 0);
    CHECK(ends == 1);
    rig.finish();
  }
}

TEST_CASE("exchange: a request that was refused by the codec is answered and told of") {
  ExchangeRig rig;
  rig.log_filters();
  rig.exchange.reset(new (rig.worker.blocks.pieces()) Exchange(
      rig.owner(), rig.worker, rig.view, rig.snapshot->listeners[0], rig.caller, rig.client));
  auto* head = rig.sink().arena().make<RequestHead>(rig.sink().arena());
  rig.sink().on_bad_request(
      *head, {.code = ErrorCode::kTargetTooLong, .details = "too long", .close = true});
  CHECK(rig.client.log == "414 target_too_long close | end");
  CHECK(rig.filter_log == "second.response_head first.response_head first.end second.end");
  rig.finish();
}

TEST_CASE("exchange: an answer on a connection that is to end says so") {
  ExchangeRig rig;
  rig.is_closing = true;
  rig.get();
  rig.accept(0).send(answer("x"));
  CHECK(rig.client.log == "200 close | end");
  rig.finish();
}

TEST_CASE("exchange: what an upstream can do wrong before its answer") {
  struct Case {
    std::string_view what, log, why;
  };
  const Case cases[] = {
      {"refuse", "503 connect_failed | end", "127.0.0.1:9001: connection refused"},
      {"eof", "502 upstream_reset | end",
       "127.0.0.1:9001: the upstream closed the connection before its response"},
      {"lose", "502 upstream_reset | end", "127.0.0.1:9001: connection reset by peer"},
      {"half", "502 upstream_reset | end",
       "127.0.0.1:9001: the upstream closed the connection within its response"},
      {"garbage", "502 bad_upstream_response | end", ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    ExchangeRig rig;
    std::string why;
    rig.first().end = [&](const ExchangeInfo& info) { why = info.why; };
    rig.get();
    if (each.what == "refuse") {
      rig.world.dialer.fail(0);
    } else {
      MemoryPeer& up = rig.accept(0);
      if (each.what == "eof") up.send_eof();
      if (each.what == "lose") up.lose();
      if (each.what == "half") {
        up.send("HTTP/1.1 200 O");
        up.send_eof();
      }
      if (each.what == "garbage") up.send("SSH-2.0-OpenSSH\r\n\r\n");
    }
    CHECK(rig.client.log == each.log);
    if (!each.why.empty()) CHECK(why == each.why);
    rig.finish();
    CHECK(rig.client.released == ResetReason::kCancel);
    CHECK(rig.world.dialer.calls.size() == 1);
  }
}

TEST_CASE("exchange: a response that breaks off after its head is cut, not ended") {
  struct Case {
    std::string_view response;
    bool lose;
    std::string_view then = "";
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", true},
      {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", false},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", false},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", false, "zz\r\n"},
      {"HTTP/1.1 200 OK\r\n\r\nabc", true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.response);
    ExchangeRig rig;
    ErrorCode error = ErrorCode::kNone;
    ClosedBy closed_by = ClosedBy::kNobody;
    rig.first().end = [&](const ExchangeInfo& info) {
      error = info.error;
      closed_by = info.closed_by;
      CHECK(info.status == 200);
    };
    rig.get();
    MemoryPeer& up = rig.accept(0);
    up.send(each.response);
    up.send(each.then);
    if (each.lose) {
      up.lose();
    } else {
      up.send_eof();
    }
    CHECK(rig.client.log == "200");
    CHECK(rig.client.body == "abc");
    rig.finish();
    CHECK(rig.client.released == ResetReason::kConnectionLost);
    CHECK(error == ErrorCode::kUpstreamReset);
    CHECK(closed_by == ClosedBy::kUpstream);
  }
}

TEST_CASE("exchange: an early response does not wait for the request") {
  ExchangeRig rig;
  rig.request("POST", "/", false);
  MemoryPeer& up = rig.accept(0);
  rig.data("part", false);
  rig.world.turn();
  up.send(answer("no", "413 Content Too Large"));
  CHECK(rig.client.log == "413 | end");
  rig.data("more", false);
  rig.data("", true);
  rig.finish();
  CHECK(up.closed());  // its request is unfinished: of no more use
}

TEST_CASE("exchange: a client that gives up cancels the upstream") {
  for (const std::string_view when : {"dialing", "waiting", "body", "response"}) {
    CAPTURE(when);
    ExchangeRig rig;
    int ends = 0;
    rig.first().end = [&](const ExchangeInfo& info) {
      ++ends;
      CHECK(info.closed_by == ClosedBy::kDownstream);
      CHECK(info.status == (when == "response" ? 200 : 0));
    };
    rig.request("POST", "/", when != "body");
    if (when != "dialing") rig.accept(0);
    if (when == "body") rig.data("abc", false);
    if (when == "response") {
      rig.world.dialer.peer(0).send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    }
    rig.sink().on_reset(ResetReason::kCancel, "stream reset");
    CHECK(rig.exchange != nullptr);
    rig.finish();
    CHECK(ends == 1);
    CHECK(rig.client.released == ResetReason::kCancel);
    if (when == "dialing") {
      // Somebody may want the connection yet: the dial goes on.
      CHECK_FALSE(rig.world.dialer.calls[0].given_up);
      rig.accept(0);
      CHECK_FALSE(rig.world.dialer.peer(0).closed());
    } else {
      CHECK(rig.world.dialer.peer(0).closed());
    }
  }
}

TEST_CASE("exchange: interim responses pass, but not to HTTP/1.0") {
  for (const bool old : {false, true}) {
    ExchangeRig rig;
    rig.first().request_head = [&](RequestHead& head, bool) {
      if (old) head.protocol = Protocol::kHttp10;
      return Verdict::go();
    };
    rig.get();
    MemoryPeer& up = rig.accept(0);
    up.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    up.send("HTTP/1.1 103 Early Hints\r\n\r\n" + answer("x"));
    CHECK(rig.client.log == (old ? "200 | end" : "103 | 103 | 200 | end"));
    rig.finish();
  }
}

TEST_CASE("exchange: back-pressure both ways") {
  ExchangeRig rig;
  rig.request("POST", "/", false);
  MemoryPeer& up = rig.accept(0);
  SUBCASE("a slow upstream holds the client") {
    up.accept(0);
    rig.data(std::string(64 * 1024 + 1, 'x'), false);
    CHECK(rig.client.held);
    rig.world.turn();
    up.accept(SIZE_MAX);
    CHECK_FALSE(rig.client.held);
  }
  SUBCASE("a slow client holds the upstream") {
    up.send("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nabc");
    CHECK_FALSE(up.reading_held());
    rig.client.room = false;
    up.send("def");
    CHECK(up.reading_held());
    rig.client.room = true;
    rig.sink().on_writable();
    CHECK_FALSE(up.reading_held());
  }
  SUBCASE("no connection yet holds the client at limits.buffer") {
    ExchangeRig other;
    other.request("POST", "/", false);
    other.data(std::string(64 * 1024 - 1, 'x'), false);
    CHECK_FALSE(other.client.held);
    other.data("xx", false);
    CHECK(other.client.held);
    other.accept(0);
    CHECK_FALSE(other.client.held);
    other.exchange->abort("done");
    other.finish();
  }
  rig.exchange->abort("done");
  rig.finish();
}

TEST_CASE("exchange: abort cuts what runs") {
  ExchangeRig rig;
  rig.get();
  MemoryPeer& up = rig.accept(0);
  rig.exchange->abort("woad is shutting down");
  rig.finish();
  CHECK(rig.client.log.empty());
  CHECK(rig.client.released == ResetReason::kConnectionLost);
  CHECK(up.closed());
}

TEST_CASE("exchange: filters hear who calls, by which certificate, and who we are") {
  const auto heard = [](ExchangeRig& rig) {
    std::string told;
    rig.first().request_head = [&](RequestHead&, bool) {
      const ExchangeInfo& info = rig.first().context->info();
      told = std::string(info.principal) + " " + std::string(info.peer_certificate) + " " +
             std::string(info.own_id);
      return Verdict::go();
    };
    rig.get();
    rig.accept(0).send(answer("ok"));
    rig.finish();
    return told;
  };
  ExchangeRig known;
  known.caller.identity = std::make_shared<const Svid>(
      Svid{std::string(kPriceId), std::string(kTrustDomain), {}, WallTime::max(), "abcd"});
  known.caller.tls = workloads().cart_context;
  CHECK(heard(known) == std::string(kPriceId) + " abcd " + std::string(kCartId));
  ExchangeRig unknown;
  CHECK(heard(unknown) == "  ");
}

TEST_CASE("exchange: a broken body is answered while there is no response, and told of as that") {
  for (const std::string_view when : {"head waits", "forwarding", "responding"}) {
    CAPTURE(when);
    ExchangeRig rig;
    int status = -1;
    std::string error;
    ClosedBy closed_by = ClosedBy::kNobody;
    rig.first().end = [&](const ExchangeInfo& info) {
      status = info.status;
      error = error_info(info.error).code;
      closed_by = info.closed_by;
    };
    if (when == "head waits") {
      rig.first().request_head = [](RequestHead&, bool) { return HeadVerdict::wait(); };
    }
    rig.request("POST", "/", false);
    rig.data("abc", false);
    if (when != "head waits") rig.accept(0);
    if (when == "responding") {
      rig.world.dialer.peer(0).send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    }
    rig.sink().on_bad_body(
        {.code = ErrorCode::kBadRequest, .details = "a chunk size is malformed", .close = true});
    if (when == "responding") {
      CHECK(rig.client.log == "200");
      CHECK(status == 200);
      CHECK(closed_by == ClosedBy::kDownstream);
    } else {
      CHECK(rig.client.log == "400 bad_request close | end");
      CHECK(rig.client.body.starts_with("bad_request: a chunk size is malformed."));
      CHECK(status == 400);
      CHECK(error == "bad_request");
      CHECK(closed_by == ClosedBy::kNobody);
    }
    rig.finish();
    if (when != "head waits") CHECK(rig.world.dialer.peer(0).closed());
  }
}

TEST_CASE("exchange: a client over the limit of connections gets a refusal like any other") {
  ExchangeRig rig;
  rig.caller.refused = Refused::kOverLimit;
  std::string error;
  rig.first().end = [&](const ExchangeInfo& info) { error = error_info(info.error).code; };
  rig.get();
  CHECK(rig.client.log == "503 overloaded close | end");
  CHECK(rig.client.body.starts_with("overloaded: limits.client_connections is reached."));
  CHECK(error == "overloaded");
  CHECK(rig.dials() == 0);
  rig.finish();
}

TEST_CASE("exchange: a client of another pod is told that this is not its sidecar") {
  ExchangeRig rig;
  rig.caller.refused = Refused::kStranger;
  rig.get();
  CHECK(rig.client.log == "403 denied close | end");
  CHECK(rig.client.body.find("serves its own pod alone") != std::string::npos);
  CHECK(rig.dials() == 0);
  rig.finish();
}

TEST_CASE("exchange: when memory is short new requests are refused, and probes are not") {
  constexpr std::string_view kProbed = R"(node: { service: cart }
inbound: [ { address: 127.0.0.1:15006, app: 127.0.0.1:9001, mtls: off, probe_paths: [/healthz] } ]
filters: { inbound: [first, second], outbound: [first, second] }
)";
  for (const bool over_limit : {false, true}) {
    ExchangeRig rig(kOneEndpoint, kProbed);
    ProcessMemory memory;
    memory.set_exhausted(!over_limit);
    rig.worker.memory = &memory;
    rig.caller.refused = over_limit ? Refused::kOverLimit : Refused::kNo;
    for (const std::string_view path : {"/", "/healthz?x", "/healthz/"}) {
      rig.get(path);
      CHECK(rig.client.log.starts_with("503 overloaded"));
      rig.finish();
      rig.client = ClientWriter();
    }
    rig.request("POST", "/healthz", true);
    CHECK(rig.client.log.starts_with("503 overloaded"));
    rig.finish();
    rig.client = ClientWriter();
    CHECK(rig.dials() == 0);
    rig.get("/healthz");
    MemoryPeer& up = rig.accept(0);
    up.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    CHECK(rig.client.log == "200 | end");
    rig.finish();
  }
}

}  // namespace
