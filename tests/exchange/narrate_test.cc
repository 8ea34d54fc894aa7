// What debug lines say of a request, from its first to its last.
#include "proxy/exchange/narrate.h"

#include <doctest/doctest.h>

#include "tests/exchange/rig.h"
#include "tests/exchange/told_log.h"

namespace woad::test {
namespace {

struct ToldRig {
  explicit ToldRig(bool debugging = true, std::string_view services = kOneEndpoint)
      : log(debugging), rig(services) {
    rig.worker.log = &log;
    rig.caller.requests = 7;
  }
  bool says(std::string_view text) const { return log.told.find(text) != std::string::npos; }
  size_t lines() const {
    return static_cast<size_t>(std::count(log.told.begin(), log.told.end(), '\n'));
  }
  ToldLog log;
  ExchangeRig rig;
};

TEST_CASE("debug lines: a request that is answered") {
  ToldRig told;
  told.rig.request("GET", "/a?token=s3cret", true,
                   {{"x-request-id", "id-1"}, {"authorization", "s3cret"}});
  told.rig.accept(0).send(answer("ok"));
  told.rig.finish();
  CAPTURE(told.log.told);
  CHECK(told.lines() == 5);
  CHECK(
      told.says("a request came request=10.0.0.9:5000#7 request_id=id-1 direction=outbound "
                "protocol=HTTP/1.1 method=GET authority=price path=/a identity=\n"));
  CHECK(
      told.says("its route is chosen request=10.0.0.9:5000#7 request_id=id-1 route= "
                "service=price color=base tenant= ctx_source=none\n"));
  CHECK(
      told.says("a try begins request=10.0.0.9:5000#7 try=1 service=price pool=base "
                "pool_reason=undyed upstream=127.0.0.1:9001 connection=any\n"));
  CHECK(
      told.says("a try ended request=10.0.0.9:5000#7 try=1 upstream=127.0.0.1:9001 "
                "outcome=answered status=200 error= sent=yes\n"));
  CHECK(
      told.says("the request ended request=10.0.0.9:5000#7 request_id=id-1 status=200 error= "
                "filter= closed_by= why= service=price pool=base tries=1 received=0 sent=2 us="));
  CHECK_FALSE(told.says("s3cret"));
}

TEST_CASE("debug lines: a try that fails, and why") {
  ToldRig told;
  told.rig.get();
  told.rig.world.dialer.fail(0);
  told.rig.finish();
  CHECK(told.says("outcome=connect_failed status=0 error=connect_failed sent=no\n"));
  CHECK(
      told.says("status=503 error=connect_failed filter= closed_by=woad "
                "why=127.0.0.1:9001: connection refused"));
}

TEST_CASE("debug lines: which filter answered") {
  ToldRig told;
  const auto refuse = [] { return LocalReply{.code = ErrorCode::kDenied, .details = "no"}; };
  SUBCASE("to the head") {
    told.rig.second().request_head = [&](RequestHead&, bool) {
      return HeadVerdict::reply(refuse());
    };
  }
  SUBCASE("to a try") {
    told.rig.second().attempt = [&](AttemptPlan&, RequestHead&) {
      return Verdict::reply(refuse());
    };
  }
  told.rig.get();
  told.rig.finish();
  CHECK(told.says("filter=second"));
}

TEST_CASE("debug lines: a copy for a shadow has its own") {
  ToldRig told(true, R"(services:
  price: { protocol: http1, endpoints: [ { address: 127.0.0.1:9001 } ] }
  shadow: { protocol: http1, endpoints: [ { address: 127.0.0.1:9002 } ] }
routes: [ { to: price, mirror: { service: shadow } } ]
)");
  told.rig.get();
  CHECK(told.says("a try begins request=10.0.0.9:5000#7 mirrored try=1 service=shadow"));
  CHECK(told.says("a try begins request=10.0.0.9:5000#7 try=1 service=price"));
  for (size_t dial = 0; dial < 2; ++dial) told.rig.accept(dial).send(answer("ok"));
  told.rig.finish();
}

TEST_CASE("debug lines: none while nobody wants them, nor of a request that began before") {
  ToldRig told(false);
  told.rig.get();
  told.log.on = true;
  told.rig.accept(0).send(answer("ok"));
  told.rig.finish();
  CHECK(told.log.told.empty());
  told.rig.client = ClientWriter();
  told.rig.get();
  CHECK(told.lines() > 0);
  told.rig.world.dialer.peer(0).send(answer("ok"));
  told.rig.finish();
}

}  // namespace
}  // namespace woad::test
