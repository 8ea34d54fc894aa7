// Heads on their way through the chain: what their `end` says, and where the route is chosen.
#include <doctest/doctest.h>

#include "tests/exchange/rig.h"

using namespace woad;
using namespace woad::test;

namespace {

TEST_CASE("filters: `end` of a head is the head's own, whatever came while it waited") {
  std::string heard;
  const auto listen = [&](ExchangeRig& rig) {
    rig.first().request_head = [](RequestHead&, bool) { return HeadVerdict::wait(); };
    rig.second().request_head = [&](RequestHead&, bool end) {
      heard += end ? "head! " : "head ";
      return HeadVerdict::go();
    };
    rig.second().request_data = [&](Buffer& data, bool end) {
      heard += data.to_string() + (end ? "! " : " ");
      return Verdict::go();
    };
    rig.second().request_trailers = [&](Headers&) {
      heard += "trailers ";
      return Verdict::go();
    };
  };
  SUBCASE("a request") {
    struct Case {
      std::string_view what, heard, sent;
    };
    for (const Case& each :
         {Case{"head", "head! ", "\r\n\r\n"},
          Case{"body", "head abc! ", "\r\n3\r\nabc\r\n0\r\n\r\n"},
          Case{"empty body", "head ! ", "\r\n\r\n"}, Case{"part", "head abc ", "\r\n3\r\nabc\r\n"},
          Case{"trailers", "head abc trailers ", "\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n"},
          Case{"trailers alone", "head trailers ", "\r\n\r\n0\r\nx-t: 1\r\n\r\n"}}) {
      CAPTURE(each.what);
      heard.clear();
      ExchangeRig rig;
      listen(rig);
      rig.request("PUT", "/", each.what == "head");
      if (each.what == "body") rig.data("abc", true);
      if (each.what == "empty body") rig.data("", true);
      if (each.what == "part" || each.what == "trailers") rig.data("abc", false);
      if (each.what.starts_with("trailers")) rig.trailers({{"x-t", "1"}});
      rig.first().context->resume();
      MemoryPeer& up = rig.accept(0);
      CHECK(heard == each.heard);
      CHECK(up.received().ends_with(each.sent));
      rig.exchange->abort("done");
      rig.finish();
    }
  }
  SUBCASE("a response") {
    for (const bool bodiless : {false, true}) {
      CAPTURE(bodiless);
      heard.clear();
      ExchangeRig rig;
      rig.second().response_head = [](ResponseHead&, bool) { return HeadVerdict::wait(); };
      rig.first().response_head = [&](ResponseHead&, bool end) {
        heard += end ? "head! " : "head ";
        return HeadVerdict::go();
      };
      rig.first().response_data = [&](Buffer& data, bool end) {
        heard += data.to_string() + (end ? "! " : " ");
        return Verdict::go();
      };
      rig.get();
      rig.accept(0).send(answer(bodiless ? "" : "abc"));
      rig.second().context->resume();
      CHECK(heard == (bodiless ? "head! " : "head abc! "));
      CHECK(rig.client.body == (bodiless ? "" : "abc"));
      CHECK(rig.client.log == "200 | end");
      rig.finish();
    }
  }
}

// The label `service` of what woad_requests_total counted.
std::string counted_services(const ExchangeRig& rig) {
  std::string services;
  for (const auto& series : rig.metrics.snapshot().series) {
    if (series.family == Family::kRequests) services += series.labels[1] + " ";
  }
  return services;
}

constexpr std::string_view kByColor = R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ], filters: { first: { tag: of-price }, second: { tag: of-price } } }
  painted: { protocol: http1, endpoints: [ { address: 127.0.0.1:9002 } ], filters: { first: { tag: of-painted }, second: { tag: of-painted } } }
routes: [ { match: { color: red }, to: painted } ]
)";

TEST_CASE("filters: the route is chosen behind the last filter that changes what routes match on") {
  for (const bool dyed : {false, true}) {
    CAPTURE(dyed);
    ExchangeRig rig(kByColor, kPriceDyed);
    std::string log;
    for (const auto& [place, slot] : rig.snapshot->stateful_slots) {
      auto& script = *static_cast<Script*>(slot.state.get());
      script.request_head = [&](RequestHead&, bool) {
        log += script.tag + " ";
        return HeadVerdict::go();
      };
    }
    rig.script("dyer").request_head = [&](RequestHead&, bool) {
      if (dyed) rig.script("dyer").context->publish().color = "red";
      return HeadVerdict::go();
    };
    rig.get();
    CHECK(log == (dyed ? "first of-painted " : "first of-price "));
    CHECK(rig.world.dialer.calls[0].address == (dyed ? "127.0.0.1:9002" : "127.0.0.1:9001"));
    rig.world.dialer.fail(0);
    rig.finish();
    CHECK(counted_services(rig) == (dyed ? "painted " : "price "));
  }
}

TEST_CASE("filters: a head that waits before the choice of the route is chosen for behind it") {
  ExchangeRig rig(kByColor, kPriceDyed);
  rig.script("dyer").request_head = [&](RequestHead&, bool) { return HeadVerdict::wait(); };
  rig.get();
  rig.script("dyer").context->publish().color = "red";
  rig.script("dyer").context->resume();
  REQUIRE(rig.dials() == 1);
  CHECK(rig.world.dialer.calls[0].address == "127.0.0.1:9002");
  rig.world.dialer.fail(0);
  rig.finish();
}

TEST_CASE("filters: who refuses a request, and which filters there are, changes no label") {
  constexpr std::string_view kNoFilters = R"(node: { service: cart }
outbound: [ { address: 127.0.0.1:15001 } ]
filters: { inbound: [], outbound: [] }
)";
  const Fields looping{{"x-woad-hops", "16"}};
  SUBCASE("no filter at all") {
    ExchangeRig rig(kOneEndpoint, kNoFilters);
    rig.request("GET", "/", true, looping);
    rig.finish();
    CHECK(counted_services(rig) == "price ");
  }
  for (const std::string_view by : {"admission", "first", "dyer", "second", "client"}) {
    CAPTURE(by);
    ExchangeRig rig(kOneEndpoint, kPriceDyed);
    for (const std::string_view name : {"first", "dyer", "second"}) {
      if (by != name) continue;
      rig.script(std::string(name)).request_head = [](RequestHead&, bool) {
        return HeadVerdict::reply({.code = ErrorCode::kDenied, .details = "no"});
      };
    }
    if (by == "client") {
      rig.first().request_head = [](RequestHead&, bool) { return HeadVerdict::wait(); };
    }
    rig.request("GET", "/", true, by == "admission" ? looping : Fields{});
    if (by == "client") rig.sink().on_reset(ResetReason::kCancel, "gone");
    rig.finish();
    CHECK(counted_services(rig) == "price ");
  }
}

}  // namespace
